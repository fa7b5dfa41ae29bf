-- agent_queue_add: a further queue of an agent.
-- Params   $1 agent_id, $2 queue code
-- Returns  one row; none when there is no such queue
INSERT INTO agent_queue (agent_id, queue_id)
SELECT $1::bigint, queue_id FROM queue WHERE code = $2::text
ON CONFLICT DO NOTHING
RETURNING queue_id;
