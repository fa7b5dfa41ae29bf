-- agent_hold: this agent makes no calls from now on.
-- Params   $1 agent code, $2 now, $3 why
UPDATE agent SET held_at = $2::timestamptz, held_why = $3::text
 WHERE code = $1::text AND held_at IS NULL;
