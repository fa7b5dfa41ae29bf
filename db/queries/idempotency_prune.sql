-- idempotency_prune: forgets keys that nobody will repeat any more.
-- Params   $1 before timestamptz
DELETE FROM idempotency_key WHERE created_at < $1::timestamptz;
