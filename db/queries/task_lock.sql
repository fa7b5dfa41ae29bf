-- task_lock: a task, held for its outcome.
-- Params   $1 bucket, $2 task_id
-- Returns  state, customer_id, point_id, agent, channel, newest permit_id, wrapped customer
--          key, phone_index, fence
-- Locking  the task row FOR UPDATE
SELECT t.state, t.customer_id, t.point_id, t.agent, t.channel,
       (SELECT permit_id FROM permit m WHERE m.bucket = t.bucket AND m.task_id = t.task_id
         ORDER BY granted_at DESC LIMIT 1), ck.wrapped, p.phone_index,
       t.lease_epoch
  FROM task t
  JOIN contact_point p ON p.bucket = t.bucket AND p.point_id = t.point_id
  LEFT JOIN customer_key ck ON ck.bucket = t.bucket AND ck.customer_id = t.customer_id
 WHERE t.bucket = $1::smallint AND t.task_id = $2::uuid
   FOR UPDATE OF t;
