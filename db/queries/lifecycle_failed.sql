-- lifecycle_failed: a rule of the version fails for everybody, or none does any more
-- Params   $1 model text, $2 version bigint, $3 now timestamptz, $4 failure text or null
-- Returns  nothing; a version that has no fault and had none is not written
UPDATE lifecycle_model
   SET failed_at = CASE WHEN $4::text IS NOT NULL THEN $3::timestamptz END, failure = $4::text
 WHERE code = $1::text AND version = $2::bigint
   AND (failure IS NOT NULL OR $4::text IS NOT NULL)
