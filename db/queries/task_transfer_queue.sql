-- task_transfer_queue: a task that was not dialled yet goes to another queue of its kind:
-- planned again, so that it passes the gate and is pushed there.
-- Params   $1 bucket, $2 task_id, $3 agent, $4 queue code, $5 now
-- Returns  one row; none: the agent does not have it, or there is no such queue
WITH moved AS (
    UPDATE task t SET state = 'planned', agent = NULL, queue_id = q.queue_id,
           not_before = least($5::timestamptz, t.not_after - interval '1 second'),
           updated_at = $5::timestamptz
      FROM queue q
     WHERE t.bucket = $1::smallint AND t.task_id = $2::uuid AND t.agent = $3::text
       AND t.state = 'accepted' AND q.code = $4::text AND q.queue_id <> t.queue_id
       AND (q.kind = 'robot') = (t.handler = 'robot')
    RETURNING t.bucket, t.task_id, t.queue_id, t.priority, t.lease_epoch
), ready AS (
    INSERT INTO task_ready (bucket, task_id, queue_id, due_at, priority, lease_epoch)
    SELECT bucket, task_id, queue_id, $5::timestamptz, priority, lease_epoch FROM moved
    ON CONFLICT (bucket, task_id) DO UPDATE
       SET due_at = excluded.due_at, queue_id = excluded.queue_id, lease_until = NULL,
           worker = NULL)
SELECT task_id FROM moved;
