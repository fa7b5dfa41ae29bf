-- ledger_node_count: how many tiles of leaves have their root in ledger_node.
-- Params   none
-- Returns  count
SELECT count(*) FROM ledger_node WHERE level = 1;
