-- override_steps: what was done about an override, in order.
-- Params   $1 bucket, $2 override_id
-- Returns  what, by, at, why
SELECT what, actor, at, why FROM gate_override_step
 WHERE bucket = $1::smallint AND override_id = $2::uuid ORDER BY step;
