-- retention_run_newest: when the last run began.
-- Params   none
-- Returns  one instant, or null
SELECT max(started_at) FROM retention_run;
