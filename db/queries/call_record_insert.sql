-- call_record_insert: what was really sent.
-- Params   $1 record_id, $2 source, $3 reference, $4 number sent, $5 started, $6 seconds, $7
--          bucket or null, $8 task_id or null, $9 permit_id or null, $10 number_id that was
--          approved or null, $11 fate, $12 now, $13 seconds of ringing, $14 of talk, $15
--          answered by, $16 abandoned, $17 recording, $18 its SHA-256, $19 its class of
--          retention; null: not said
-- Returns  record_id; no row when it is there already
INSERT INTO call_record (record_id, source, reference, number_sent, started_at,
    duration_sec, bucket, task_id, permit_id, number_id, fate, recorded_at, ring_sec, talk_sec,
    answered_by, abandoned, recording, recording_sha256, retention_class)
VALUES ($1::uuid, $2::text, $3::text, $4::text, $5::timestamptz, $6::integer, $7::smallint,
    $8::uuid, $9::uuid, $10::bigint, $11::text, $12::timestamptz,
    $13::integer, $14::integer, $15::text, $16::boolean, $17::text, $18::bytea, $19::text)
ON CONFLICT (source, reference) DO NOTHING
RETURNING record_id;
