-- retention_run_use: what this transaction takes, it takes in the name of a run.
-- Params   $1 run_id
-- Returns  run_id
SELECT set_config('steward.retention_run', $1::text, true);
