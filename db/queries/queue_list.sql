-- queue_list: queues with the tasks that wait for them, that they hold, that are unknown.
-- Returns  queue_id, code, kind, url, state, dedupes, concurrency, timeout_ms, sealed
--          secret, waiting, pushed, unknown
SELECT q.queue_id, q.code, q.kind, q.url, q.state, q.dedupes, q.concurrency, q.timeout_ms,
       q.secret_sealed,
       (SELECT count(*) FROM task_ready r WHERE r.queue_id = q.queue_id),
       (SELECT count(*) FROM task t WHERE t.queue_id = q.queue_id
           AND t.state IN ('queued', 'accepted', 'in_progress')),
       (SELECT count(*) FROM task t WHERE t.queue_id = q.queue_id AND t.state = 'unknown')
  FROM queue q ORDER BY q.queue_id;
