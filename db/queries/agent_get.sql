-- agent_get: may this agent sell, and for which queue.
-- Params   $1 agent code
-- Returns  qualified_until or null, queue code
SELECT a.qualified_until, q.code FROM agent a JOIN queue q USING (queue_id)
 WHERE a.code = $1::text AND a.state = 'active';
