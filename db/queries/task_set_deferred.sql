-- task_set_deferred: the gate said later.
-- Params   $1 bucket, $2 task_id, $3 decision_id, $4 due again at, $5 now
WITH moved AS (
    UPDATE task SET state = 'planned', decision_id = $3::uuid, agent = NULL,
           updated_at = $5::timestamptz
     WHERE bucket = $1::smallint AND task_id = $2::uuid
    RETURNING bucket, task_id, queue_id, priority, lease_epoch)
INSERT INTO task_ready (bucket, task_id, queue_id, due_at, priority, lease_epoch)
SELECT bucket, task_id, queue_id, $4::timestamptz, priority, lease_epoch FROM moved
ON CONFLICT (bucket, task_id) DO UPDATE
   SET due_at = excluded.due_at, lease_until = NULL, worker = NULL;
