-- ledger_node_count: up to where tiles of leaves have their root in ledger_node.
-- Params   none
-- Returns  count, if none is missing in between
-- Index    ledger_node_pkey
SELECT coalesce(max(n) + 1, 0) FROM ledger_node WHERE level = 1;
