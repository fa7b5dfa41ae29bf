-- lifecycle_exempt: the shipped model on a fresh install may be active without an approval
-- Params   $1 code text, $2 version bigint
UPDATE lifecycle_model SET exempt = 'shipped'
 WHERE code = $1::text AND version = $2::bigint AND state = 'draft'
