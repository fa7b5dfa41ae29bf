-- ledger_size: how many leaves there are, which is also the next index, and how many
-- entries wait for theirs.
-- Params   none
-- Returns  size, waiting
SELECT (SELECT coalesce(max(idx) + 1, 0) FROM ledger_leaf),
       (SELECT count(*) FROM ledger_outbox);
