-- import_run_abandon: runs whose session ended before they did, with what is committed of
-- them; called under import_lock.
-- Params   $1 now, $2 what to say of it
-- Returns  nothing
UPDATE import_run r
   SET state = 'interrupted', finished_at = $1::timestamptz, failure = $2::text,
       rows_read = n.rows_read, rows_loaded = n.rows_loaded,
       rows_rejected = n.rows_rejected
  FROM import_run_now n
 WHERE r.state = 'running' AND n.run_id = r.run_id;
