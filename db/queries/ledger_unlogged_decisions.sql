-- ledger_unlogged_decisions: how many more decisions there are than entries about them,
-- sequenced or waiting.
-- Params   none
-- Returns  one number; 0 when every decision has its entry
SELECT (SELECT count(*) FROM decision)
     - (SELECT count(*) FROM ledger_leaf WHERE kind = 'decision')
     - (SELECT count(*) FROM ledger_outbox WHERE kind = 'decision');
