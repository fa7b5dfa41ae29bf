-- call_record_insert: what was really sent.
-- Params   $1 record_id, $2 source, $3 reference, $4 number sent, $5 started, $6 seconds, $7
--          bucket or null, $8 task_id or null, $9 permit_id or null, $10 number_id that was
--          approved or null, $11 fate, $12 now
-- Returns  record_id; no row when it is there already
INSERT INTO call_record (record_id, source, reference, number_sent, started_at,
    duration_sec, bucket, task_id, permit_id, number_id, fate, recorded_at)
VALUES ($1::uuid, $2::text, $3::text, $4::text, $5::timestamptz, $6::integer, $7::smallint,
    $8::uuid, $9::uuid, $10::bigint, $11::text, $12::timestamptz)
ON CONFLICT (source, reference) DO NOTHING
RETURNING record_id;
