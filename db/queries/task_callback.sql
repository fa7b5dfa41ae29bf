-- task_callback: the customer asked to be called again; due then, through both gates.
-- Params   $1 bucket, $2 task_id, $3 call-back time, $4 latest, $5 now, $6 promised
--          with this agent, or null: with anybody
WITH moved AS (
    UPDATE task SET state = 'planned', callback_at = $3::timestamptz,
           not_before = $3::timestamptz, not_after = $4::timestamptz, agent = NULL, callback_agent = $6::text,
           updated_at = $5::timestamptz
     WHERE bucket = $1::smallint AND task_id = $2::uuid
    RETURNING bucket, task_id, queue_id, priority, lease_epoch)
INSERT INTO task_ready (bucket, task_id, queue_id, due_at, priority, lease_epoch)
SELECT bucket, task_id, queue_id, $3::timestamptz, priority, lease_epoch FROM moved
ON CONFLICT (bucket, task_id) DO UPDATE
   SET due_at = excluded.due_at, lease_until = NULL, worker = NULL;
