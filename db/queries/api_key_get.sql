-- api_key_get: the token of an id, and whether it is in force now.
-- Params   $1 key_id text
-- Returns  secret_hash, subject, role, queue, in_force, expires_at; no row when unknown
SELECT secret_hash, subject, role, queue,
       revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) AS in_force,
       expires_at
  FROM api_key WHERE key_id = $1::text;
