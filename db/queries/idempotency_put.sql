-- idempotency_put: keeps the answer with the effect, in the same transaction.
-- Params   $1 actor text, $2 key text, $3 fingerprint bytea, $4 status integer,
--          $5 body bytea, $6 now timestamptz
INSERT INTO idempotency_key (actor, key, fingerprint, status, body, created_at)
VALUES ($1::text, $2::text, $3::bytea, $4::integer, $5::bytea, $6::timestamptz);
