-- agent_release: a held agent may call again.
-- Params   $1 agent code
UPDATE agent SET held_at = NULL, held_why = NULL
 WHERE code = $1::text AND held_at IS NOT NULL;
