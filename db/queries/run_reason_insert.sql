-- run_reason_insert: how many of the audience met one fate.
-- Params   $1 run_id, $2 fate, $3 reason code, $4 count
INSERT INTO campaign_run_reason (run_id, fate, code, count)
VALUES ($1::uuid, $2::text, $3::text, $4::bigint);
