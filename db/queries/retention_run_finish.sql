-- retention_run_finish: nothing goes in this run's name any more.
-- Params   $1 run_id, $2 now
UPDATE retention_run SET finished_at = $2::timestamptz WHERE run_id = $1::uuid;
