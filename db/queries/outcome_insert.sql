-- outcome_insert: what came of a contact, with whose it is and what its word meant then.
-- Params   $1 bucket, $2 outcome_id, $3 task_id, $4 permit_id or null, $5 disposition,
--          $6 reached, $7 agent, $8 sealed note or null, $9 started, $10 ended, $11
--          call-back time or null, $12 recorded, $13 recording or null, $14 its SHA-256 in
--          hexadecimal or null, $15 disclosures, $16 product or null, $17 the carrier's cause or
--          null, $18 it means that the called party refused
INSERT INTO outcome (bucket, outcome_id, task_id, permit_id, disposition, reached, agent,
    note_sealed, started_at, ended_at, callback_at, recorded_at, recording_ref,
    recording_sha256, disclosures, product, carrier_cause, carrier_refusal, flags,
    customer_id)
VALUES ($1::smallint, $2::uuid, $3::uuid, $4::uuid, $5::text, $6::boolean, $7::text,
    $8::bytea, $9::timestamptz, $10::timestamptz, $11::timestamptz, $12::timestamptz,
    $13::text, decode($14::text, 'hex'), $15::text[], $16::text,
    $17::text, $18::boolean,
    (SELECT flags FROM disposition WHERE code = $5::text),
    (SELECT customer_id FROM task WHERE bucket = $1::smallint AND task_id = $3::uuid));
