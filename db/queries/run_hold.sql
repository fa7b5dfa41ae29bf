-- run_hold: a run is over before it began: the data its rules rest on is not good enough
-- Params   $1 run_id, $2 finished, $3 trait, $4 code, $5 measured, $6 allowed
UPDATE campaign_run
   SET finished_at = $2::timestamptz, held_trait = $3::text, held_code = $4::text,
       held_measured = $5::bigint, held_allowed = $6::bigint
 WHERE run_id = $1::uuid;
