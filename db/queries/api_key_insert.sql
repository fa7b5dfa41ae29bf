-- api_key_insert: a new token.
-- Params   $1 key_id text, $2 secret_hash bytea, $3 subject text, $4 role text,
--          $5 queue text or NULL, $6 expires_at timestamptz or NULL, $7 now timestamptz
INSERT INTO api_key (key_id, secret_hash, subject, role, queue, expires_at, created_at)
VALUES ($1::text, $2::bytea, $3::text, $4::text, $5::text, $6::timestamptz,
        $7::timestamptz);
