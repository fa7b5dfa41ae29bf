-- import_unlock: ends import_lock.
-- Params   none
-- Returns  one row
SELECT pg_advisory_unlock(hashtextextended('steward import', 0));
