-- incident_insert: something went out that should not have.
-- Params   $1 incident_id, $2 code, $3 bucket or null, $4 customer_id or null, $5 task_id or
--          null, $6 decision_id or null, $7 campaign_id or null, $8 number_id or null, $9
--          subject or null, $10 now, $11 evidence
-- Returns  incident_id; no row when there is one of this code about this subject
INSERT INTO incident (incident_id, code, bucket, customer_id, task_id, decision_id,
    campaign_id, number_id, subject, detected_at, evidence)
VALUES ($1::uuid, $2::text, $3::smallint, $4::bigint, $5::uuid, $6::uuid, $7::bigint,
    $8::bigint, $9::text, $10::timestamptz, $11::jsonb)
ON CONFLICT DO NOTHING
RETURNING incident_id;
