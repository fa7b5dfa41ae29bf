-- idempotency_get: the first answer under this key.
-- Params   $1 actor text, $2 key text
-- Returns  fingerprint, status, body; no row when the key is new
SELECT fingerprint, status, body FROM idempotency_key
 WHERE actor = $1::text AND key = $2::text;
