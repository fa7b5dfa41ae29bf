-- index_barrier: wait until those that held it off are done.
-- Params   none
-- Locking  transaction advisory lock, exclusive
SELECT pg_advisory_xact_lock(hashtextextended('steward index key', 0));
