-- retention_run_start: from now on records whose time is over may go, in this run's name.
-- Params   $1 run_id, $2 now, $3 actor
INSERT INTO retention_run (run_id, started_at, actor)
VALUES ($1::uuid, $2::timestamptz, $3::text);
