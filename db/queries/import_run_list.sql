-- import_run_list: imports, the newest first.
-- Params   $1 seq before which to begin, $2 how many
-- Returns  run_id, mapping, source hash in hex, state, started_at, finished_at, took_usec,
--          rows read, loaded, rejected, failure, actor, starts, redo, seq; state as the view
--          import_run_now has it: interrupted when the session that ran it is gone
SELECT run_id, mapping, encode(source_hash, 'hex'), state, started_at,
       finished_at, took_usec, rows_read, rows_loaded, rows_rejected, failure, actor, starts,
       redo, seq
  FROM import_run_now WHERE seq < $1::bigint ORDER BY seq DESC LIMIT $2::bigint;
