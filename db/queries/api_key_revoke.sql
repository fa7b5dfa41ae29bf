-- api_key_revoke: takes a token out of force, from now on.
-- Params   $1 key_id text
UPDATE api_key SET revoked_at = now() WHERE key_id = $1::text AND revoked_at IS NULL;
