-- idempotency_lock: false when the same key of the same actor is being worked on now.
-- Params   $1 actor text, $2 key text
SELECT pg_try_advisory_xact_lock(hashtextextended($1::text || chr(10) || $2::text, 7));
