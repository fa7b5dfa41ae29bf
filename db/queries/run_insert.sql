-- run_insert: a run of a campaign begins.
-- Params   $1 run_id, $2 campaign_id, $3 version, $4 as_of, $5 ruleset hash
INSERT INTO campaign_run (run_id, campaign_id, version, as_of, started_at, ruleset_hash)
VALUES ($1::uuid, $2::bigint, $3::integer, $4::timestamptz, $4::timestamptz, $5::bytea);
