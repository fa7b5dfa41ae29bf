-- outsourcer_agents_put: an outsourcer's agents are these, and no others.
-- Params   $1 outsourcer, $2 codes of agents
-- Returns  the first of them that is no agent, or null
WITH put AS (
    UPDATE agent SET outsourcer = CASE WHEN code = ANY ($2::text[]) THEN $1::text END
     WHERE code = ANY ($2::text[]) OR outsourcer = $1::text
)
SELECT min(c) FROM unnest($2::text[]) AS c
 WHERE NOT EXISTS (SELECT 1 FROM agent a WHERE a.code = c);
