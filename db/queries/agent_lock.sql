-- agent_lock: an agent is given work by one transaction at a time.
-- Params   $1 code
-- Returns  agent_id; no row: there is no such agent
-- Locking  the agent, before any task; tasks are then taken without waiting
SELECT agent_id FROM agent WHERE code = $1::text FOR UPDATE;
