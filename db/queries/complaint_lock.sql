-- complaint_lock: a complaint, for a change.
-- Params   $1 complaint_id
-- Returns  state, handler, due_at, bucket, customer_id, task_id, received_at
-- Locking  FOR UPDATE
SELECT state, handler, due_at, bucket, customer_id, task_id, received_at
  FROM complaint WHERE complaint_id = $1::uuid FOR UPDATE;
