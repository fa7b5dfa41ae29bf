-- key_unlock: the end of key_lock.
-- Params   none
SELECT pg_advisory_unlock(hashtextextended('steward keys', 0));
