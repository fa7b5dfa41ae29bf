-- import_run_start: one row of history; this session runs it.
-- Params   $1 run_id, $2 mapping, $3 source_hash, $4 now, $5 actor, $6 whether of corrected
--          rows
-- Returns  nothing
INSERT INTO import_run (run_id, mapping, source_hash, state, started_at, actor, redo,
    backend_pid)
VALUES ($1::uuid, $2::text, $3::bytea, 'running', $4::timestamptz, $5::text, $6::boolean,
    pg_backend_pid());
