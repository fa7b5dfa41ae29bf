-- agent_presence_put: where the agent system says an agent is; older news changes nothing.
-- Params   $1 code, $2 presence, $3 at
-- Returns  one row when there is such an agent: was it news
WITH moved AS (
    UPDATE agent SET presence = $2::text, presence_at = $3::timestamptz
     WHERE code = $1::text AND (presence_at IS NULL OR presence_at < $3::timestamptz)
    RETURNING agent_id)
SELECT EXISTS (SELECT 1 FROM moved) FROM agent WHERE code = $1::text;
