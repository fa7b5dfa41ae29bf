-- agent_skill_add: what an agent can do, and how well.
-- Params   $1 agent_id, $2 code, $3 level
INSERT INTO agent_skill (agent_id, code, level)
VALUES ($1::bigint, $2::text, $3::integer);
