-- task_accept: an agent takes a queued task of one of the agent's queues, unless it is
-- reserved for somebody else.
-- Params   $1 bucket, $2 task_id, $3 agent, $4 now
-- Returns  one row; none: not queued, reserved, or not this agent's queue
UPDATE task t SET state = 'accepted', agent = a.code, reserved_by = NULL,
       reserved_until = NULL, updated_at = $4::timestamptz
  FROM agent a
 WHERE t.bucket = $1::smallint AND t.task_id = $2::uuid AND t.state = 'queued'
   AND a.code = $3::text AND a.state = 'active'
   AND (a.queue_id = t.queue_id OR EXISTS (SELECT 1 FROM agent_queue f
        WHERE f.agent_id = a.agent_id AND f.queue_id = t.queue_id))
   AND (t.reserved_by IS NULL OR t.reserved_by = $3::text
        OR t.reserved_until <= $4::timestamptz)
   AND t.not_after > $4::timestamptz
RETURNING t.task_id;
