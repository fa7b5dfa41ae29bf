-- override_step_add: what was done about an override.
-- Params   $1 bucket, $2 override_id, $3 what, $4 by, $5 at, $6 why or null, $7 salt of the
--          commitment to it in the ledger
-- Locking  the override's row is locked by who calls, or new
INSERT INTO gate_override_step (bucket, override_id, step, what, actor, at, why, salt)
SELECT $1::smallint, $2::uuid, coalesce(max(step), 0) + 1, $3::text, $4::text,
       $5::timestamptz, $6::text, $7::bytea
  FROM gate_override_step WHERE bucket = $1::smallint AND override_id = $2::uuid;
