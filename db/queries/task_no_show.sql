-- task_no_show: tasks that were accepted and never dialled go back to their queue.
-- Params   $1 agent whose queues are looked at; null: all queues, $2 now, $3 limit
-- Returns  bucket, task_id, agent
-- Locking  the tasks, SKIP LOCKED
-- Index    task_open_idx
WITH late AS (
    SELECT t.bucket, t.task_id, t.agent
      FROM task t
      JOIN queue q ON q.queue_id = t.queue_id
     WHERE t.queue_id = ANY (ARRAY(SELECT x.queue_id FROM queue x
            WHERE $1::text IS NULL OR EXISTS (SELECT 1 FROM agent a
                  WHERE a.code = $1::text AND (a.queue_id = x.queue_id OR EXISTS (
                        SELECT 1 FROM agent_queue f WHERE f.agent_id = a.agent_id
                           AND f.queue_id = x.queue_id)))))
       AND t.state = 'accepted'
       AND t.updated_at <= $2::timestamptz - q.no_show_sec * interval '1 second'
     ORDER BY t.bucket, t.task_id
     LIMIT $3::integer
       FOR UPDATE OF t SKIP LOCKED
)
UPDATE task AS t SET state = 'queued', agent = NULL, updated_at = $2::timestamptz
  FROM late
 WHERE t.bucket = late.bucket AND t.task_id = late.task_id
RETURNING t.bucket, t.task_id, late.agent;
