-- agent_licence_add: a licence of an agent.
-- Params   $1 agent_id, $2 kind, $3 number, $4 from, $5 to
INSERT INTO agent_licence (agent_id, kind, number, valid_from, valid_to)
VALUES ($1::bigint, $2::text, $3::text, $4::timestamptz, $5::timestamptz);
