-- migration_unlock: lets the next migrator in.
-- Params   none
-- Returns  one row
SELECT pg_advisory_unlock(hashtextextended('steward migrate', 0));
