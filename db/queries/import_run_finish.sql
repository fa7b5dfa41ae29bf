-- import_run_finish: how it went.
-- Params   $1 run_id, $2 state, $3 now, $4 rows read, $5 loaded, $6 rejected, $7 failure or
--          null, $8 how long it took in microseconds
-- Returns  nothing
UPDATE import_run
   SET state = $2::text, finished_at = $3::timestamptz, rows_read = $4::bigint,
       rows_loaded = $5::bigint, rows_rejected = $6::bigint, failure = $7::text,
       took_usec = took_usec + $8::bigint
 WHERE run_id = $1::uuid;
