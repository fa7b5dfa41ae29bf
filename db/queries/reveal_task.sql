-- reveal_task: does this agent hold this task about this customer?
-- Params   $1 bucket, $2 task_id, $3 customer_id, $4 agent, $5 now
-- Returns  point_id, whether a dial permit is in force; no row when it is not held
SELECT t.point_id,
       EXISTS (SELECT 1 FROM permit m WHERE m.bucket = t.bucket AND m.task_id = t.task_id
                  AND m.agent = t.agent AND m.valid_until > $5::timestamptz)
  FROM task t
 WHERE t.bucket = $1::smallint AND t.task_id = $2::uuid AND t.customer_id = $3::bigint
   AND t.agent = $4::text AND t.state IN ('accepted', 'in_progress');
