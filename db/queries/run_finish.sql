-- run_finish: a run is complete.
-- Params   $1 run_id, $2 finished, $3 scope, $4 audience, $5 undecided
UPDATE campaign_run SET finished_at = $2::timestamptz, scope = $3::bigint,
       audience = $4::bigint, undecided = $5::bigint
 WHERE run_id = $1::uuid;
