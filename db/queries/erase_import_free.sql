-- erase_import_free: does no import run, and will none begin before this transaction ends?
-- Params   none
-- Returns  whether it is so
-- Locking  transaction advisory lock, shared; the one that an import takes (import_lock)
SELECT pg_try_advisory_xact_lock_shared(hashtextextended('steward import', 0));
