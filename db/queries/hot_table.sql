-- hot_table: what keeps the hot table from staying fast: dead rows, and the oldest snapshot
-- that keeps them from being taken away.
-- Params   none
-- Returns  rows of task_ready, dead rows of it (both as last counted), seconds since the
--          oldest transaction that still holds a snapshot began
SELECT s.n_live_tup, s.n_dead_tup,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(a.xact_start)), 0)::bigint
          FROM pg_stat_activity a
         WHERE a.backend_xmin IS NOT NULL AND a.datname = current_database()
           AND a.pid <> pg_backend_pid())
  FROM pg_stat_user_tables s
 WHERE s.schemaname = current_schema() AND s.relname = 'task_ready';
