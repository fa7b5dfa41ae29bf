-- agent_works: does an agent work a queue, at home or beside it?
-- Params   $1 agent, $2 queue code
-- Returns  one row if so
SELECT 1 FROM agent a JOIN queue q ON q.code = $2::text
 WHERE a.code = $1::text AND (a.queue_id = q.queue_id OR EXISTS (
       SELECT 1 FROM agent_queue f
        WHERE f.agent_id = a.agent_id AND f.queue_id = q.queue_id));
