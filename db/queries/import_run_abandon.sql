-- import_run_abandon: runs that a crash left open; called under import_lock.
-- Params   $1 now
-- Returns  nothing
UPDATE import_run SET state = 'failed', finished_at = $1::timestamptz,
       failure = 'the process ended before the import did'
 WHERE state = 'running';
