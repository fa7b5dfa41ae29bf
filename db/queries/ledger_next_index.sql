-- ledger_next_index: how many leaves there are.
-- Params   none
-- Returns  size
SELECT coalesce(max(idx) + 1, 0) FROM ledger_leaf;
