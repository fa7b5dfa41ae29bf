-- agent_get: may this agent sell, and for which queue. Who is held is not qualified.
-- Params   $1 agent code
-- Returns  qualified_until or null, queue code
SELECT CASE WHEN a.held_at IS NULL THEN a.qualified_until END, q.code
  FROM agent a JOIN queue q USING (queue_id)
 WHERE a.code = $1::text AND a.state = 'active';
