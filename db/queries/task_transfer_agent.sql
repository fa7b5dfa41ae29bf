-- task_transfer_agent: an agent hands a task to another of the same queue: not dialled yet,
-- it is reserved for that one; in a call, that one has it, and asks for a permit of its own.
-- Params   $1 bucket, $2 task_id, $3 agent, $4 to agent, $5 now
-- Returns  one row; none: the agent does not have it, or the other one cannot
UPDATE task t
   SET state = CASE WHEN t.state = 'accepted' THEN 'queued' ELSE 'accepted' END,
       agent = CASE WHEN t.state = 'accepted' THEN NULL ELSE a.code END,
       lease_epoch = t.lease_epoch + 1, updated_at = $5::timestamptz
  FROM agent a
 WHERE t.bucket = $1::smallint AND t.task_id = $2::uuid AND t.agent = $3::text
   AND t.state IN ('accepted', 'in_progress')
   AND a.code = $4::text AND a.code <> $3::text AND a.state = 'active'
   AND a.held_at IS NULL AND (a.kind = 'robot') = (t.handler = 'robot')
   AND (a.queue_id = t.queue_id OR EXISTS (SELECT 1 FROM agent_queue f
        WHERE f.agent_id = a.agent_id AND f.queue_id = t.queue_id))
RETURNING t.task_id;
