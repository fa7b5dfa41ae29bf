-- import_run_resume: a run that had ended early goes on, in this session.
-- Params   $1 run_id
-- Returns  nothing
UPDATE import_run
   SET state = 'running', starts = starts + 1, finished_at = NULL, failure = NULL, given_up_at = NULL,
       backend_pid = pg_backend_pid()
 WHERE run_id = $1::uuid;
