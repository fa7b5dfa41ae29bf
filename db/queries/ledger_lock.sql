-- ledger_lock: one sequencer at a time; held by the session until ledger_unlock.
-- Params   none
-- Returns  true when we have it
SELECT pg_try_advisory_lock(hashtextextended('steward ledger', 0));
