-- lifecycle_failure: which rule of the version fails for everybody
-- Params   $1 model text, $2 version bigint
-- Returns  failed_at, failure; no row when none does
SELECT failed_at, failure
  FROM lifecycle_model
 WHERE code = $1::text AND version = $2::bigint AND failure IS NOT NULL
