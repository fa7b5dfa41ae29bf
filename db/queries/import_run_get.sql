-- import_run_get: one import.
-- Params   $1 run_id
-- Returns  as import_run_list
SELECT run_id, mapping, encode(source_hash, 'hex'), state, started_at,
       finished_at, took_usec, rows_read, rows_loaded, rows_rejected, failure, actor, starts,
       redo, seq
  FROM import_run_now WHERE run_id = $1::uuid;
