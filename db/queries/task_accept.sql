-- task_accept: an agent takes a queued task of the agent's own queue.
-- Params   $1 bucket, $2 task_id, $3 agent, $4 now
-- Returns  one row; none: not queued, or not this agent's queue
UPDATE task t SET state = 'accepted', agent = a.code, updated_at = $4::timestamptz
  FROM agent a
 WHERE t.bucket = $1::smallint AND t.task_id = $2::uuid AND t.state = 'queued'
   AND a.code = $3::text AND a.state = 'active' AND a.queue_id = t.queue_id
   AND t.not_after > $4::timestamptz
RETURNING t.task_id;
