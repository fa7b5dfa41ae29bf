-- key_lock: one change of keys at a time; held by the session.
-- Params   none
-- Returns  whether it was free
SELECT pg_try_advisory_lock(hashtextextended('steward keys', 0));
