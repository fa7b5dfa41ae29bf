-- task_no_show: tasks that were accepted and never dialled go back to their queue.
-- Params   $1 agent whose queues are looked at, $2 now
-- Returns  bucket, task_id, agent
-- Locking  the tasks, SKIP LOCKED
-- Index    task_open_idx
WITH late AS (
    SELECT t.bucket, t.task_id, t.agent
      FROM agent a
      JOIN queue q ON q.queue_id = a.queue_id OR EXISTS (SELECT 1 FROM agent_queue f
           WHERE f.agent_id = a.agent_id AND f.queue_id = q.queue_id)
      JOIN task t ON t.queue_id = q.queue_id AND t.state = 'accepted'
     WHERE a.code = $1::text
       AND t.updated_at <= $2::timestamptz - q.no_show_sec * interval '1 second'
     ORDER BY t.bucket, t.task_id
     LIMIT 20
       FOR UPDATE OF t SKIP LOCKED
)
UPDATE task AS t SET state = 'queued', agent = NULL, updated_at = $2::timestamptz
  FROM late
 WHERE t.bucket = late.bucket AND t.task_id = late.task_id
RETURNING t.bucket, t.task_id, late.agent;
