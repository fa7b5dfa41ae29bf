-- migration_lock: one migrator at a time; held by the session, so that it spans the
-- migrations' transactions.
-- Params   none
-- Returns  one row
SELECT pg_advisory_lock(hashtextextended('steward migrate', 0));
