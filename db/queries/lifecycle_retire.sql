-- lifecycle_retire: the version in force gives way to another one
-- Params   $1 code text, $2 version bigint
UPDATE lifecycle_model SET state = 'retired' WHERE code = $1::text AND version = $2::bigint
