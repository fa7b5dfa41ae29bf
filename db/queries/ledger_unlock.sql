-- ledger_unlock: lets another sequencer in.
-- Params   none
-- Returns  one row
SELECT pg_advisory_unlock(hashtextextended('steward ledger', 0));
