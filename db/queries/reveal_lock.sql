-- reveal_lock: one reveal of a person at a time, so that no two pass the quota together.
-- Params   $1 who text
-- Locking  transaction advisory lock
SELECT pg_advisory_xact_lock(hashtextextended('steward reveal ' || $1::text, 0));
