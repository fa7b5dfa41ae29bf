-- lifecycle_activate: one version in force
-- Params   $1 code text, $2 version bigint, $3 actor text, $4 now timestamptz
UPDATE lifecycle_model
   SET state = 'active', activated_by = $3::text, activated_at = $4::timestamptz
 WHERE code = $1::text AND version = $2::bigint
