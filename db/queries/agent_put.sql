-- agent_put: an agent of a queue, new or changed.
-- Params   $1 code, $2 queue code, $3 qualified until or null
-- Returns  one row; none when there is no such queue
INSERT INTO agent (code, queue_id, qualified_until)
SELECT $1::text, queue_id, $3::timestamptz FROM queue WHERE code = $2::text
ON CONFLICT (code) DO UPDATE SET queue_id = excluded.queue_id,
    qualified_until = excluded.qualified_until, state = 'active'
RETURNING agent_id;
