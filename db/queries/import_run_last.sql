-- import_run_last: the newest import of a mapping.
-- Params   $1 mapping text, $2 whether of corrected rows
-- Returns  source_hash, run_id, state; no row when there is none
SELECT source_hash, run_id, state FROM import_run
 WHERE mapping = $1::text AND redo = $2::boolean
 ORDER BY seq DESC LIMIT 1;
