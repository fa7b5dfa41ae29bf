-- queue_loads: the tasks that wait for each queue, that it holds, that are unknown.
-- Params   $1 code, or null for all
-- Returns  queue_id, waiting, pushed, unknown, dead letters
SELECT q.queue_id,
       (SELECT count(*) FROM task_ready r WHERE r.queue_id = q.queue_id),
       (SELECT count(*) FROM task t WHERE t.queue_id = q.queue_id
           AND t.state IN ('queued', 'accepted', 'in_progress')),
       (SELECT count(*) FROM task t WHERE t.queue_id = q.queue_id AND t.state = 'unknown'),
       (SELECT count(*) FROM task t WHERE t.queue_id = q.queue_id
           AND t.dead_why IS NOT NULL)
  FROM queue q WHERE $1::text IS NULL OR q.code = $1::text ORDER BY q.queue_id;
