-- lifecycle_set_state: moves one version to another state
-- Params   $1 code text, $2 version bigint, $3 state text
UPDATE lifecycle_model SET state = $3::text WHERE code = $1::text AND version = $2::bigint
