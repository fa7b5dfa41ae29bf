-- retention_run_list: the newest runs, and what went in them by class.
-- Params   $1 how many runs
-- Returns  run_id, started_at, actor, finished_at, class or null, rows
-- Index    retention_batch_run_idx
SELECT r.run_id, r.started_at, r.actor, r.finished_at, b.class, coalesce(sum(b.rows), 0)::bigint
  FROM (SELECT * FROM retention_run ORDER BY started_at DESC, run_id LIMIT $1::integer) r
  LEFT JOIN retention_batch b USING (run_id)
 GROUP BY r.run_id, r.started_at, r.actor, r.finished_at, b.class
 ORDER BY r.started_at DESC, r.run_id, b.class;
