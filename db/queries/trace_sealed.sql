-- trace_sealed: until when the ledger is signed.
-- Params   none
-- Returns  time of the newest checkpoint; no row before the first
SELECT at FROM ledger_checkpoint ORDER BY size DESC LIMIT 1;
