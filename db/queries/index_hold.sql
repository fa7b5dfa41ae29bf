-- index_hold: whoever writes hashes of numbers holds off the ends of an exchange.
-- Params   none
-- Locking  transaction advisory lock, shared; before everything else
SELECT pg_advisory_xact_lock_shared(hashtextextended('steward index key', 0));
