-- ledger_waiting: is there anything to sequence, or to cover that was sequenced before?
-- Params   none
-- Returns  one bool
SELECT EXISTS (SELECT 1 FROM ledger_outbox)
    OR coalesce((SELECT max(idx) + 1 FROM ledger_leaf), 0)
     > coalesce((SELECT max(size) FROM ledger_checkpoint), 0);
