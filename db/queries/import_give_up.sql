-- import_give_up: an import that ended before its last file is not waited for any more
-- Params   $1 run_id, $2 who, $3 now
-- Returns  nothing; no row is changed when the run is not an interrupted one
UPDATE import_run AS r
   SET state = 'failed', finished_at = coalesce(r.finished_at, $3::timestamptz),
       failure = 'given up by ' || $2::text, rows_read = n.rows_read,
       rows_loaded = n.rows_loaded, rows_rejected = n.rows_rejected
  FROM import_run_now AS n
 WHERE r.run_id = $1::uuid AND n.run_id = r.run_id AND n.state = 'interrupted';
