-- agent_put: an agent, new or changed; what it had in lists is put apart.
-- Params   $1 code, $2 home queue, $3 kind, $4 zone, $5 capacity, $6 hourly limit, $7 left
-- Returns  agent_id; no row when there is no such queue
-- Locking  the agent
INSERT INTO agent (code, queue_id, kind, zone, capacity, hourly_limit, state)
SELECT $1::text, queue_id, $3::text, $4::text, $5::integer, $6::integer,
       CASE WHEN $7::boolean THEN 'left' ELSE 'active' END
  FROM queue WHERE code = $2::text
ON CONFLICT (code) DO UPDATE SET queue_id = excluded.queue_id, kind = excluded.kind,
    zone = excluded.zone, capacity = excluded.capacity,
    hourly_limit = excluded.hourly_limit, state = excluded.state
RETURNING agent_id;
