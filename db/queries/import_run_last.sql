-- import_run_last: the newest import of a mapping that went well.
-- Params   $1 mapping text
-- Returns  source_hash, run_id; no row when there is none
SELECT source_hash, run_id FROM import_run
 WHERE mapping = $1::text AND state = 'done'
 ORDER BY started_at DESC, finished_at DESC LIMIT 1;
