-- run_hold_rule: a run is over before it began: the rule of its audience fails for everybody
-- Params   $1 run_id, $2 finished, $3 the error
UPDATE campaign_run SET finished_at = $2::timestamptz, held_rule = $3::text
 WHERE run_id = $1::uuid;
