-- api_key_revoke_subject: takes all tokens of a subject out of force, from now on.
-- Params   $1 subject
UPDATE api_key SET revoked_at = now() WHERE subject = $1::text AND revoked_at IS NULL;
