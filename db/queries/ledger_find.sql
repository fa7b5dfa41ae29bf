-- ledger_find: the index of a leaf by its hash.
-- Params   $1 leaf hash
-- Returns  idx; no row while the entry waits for its sequencing
SELECT idx FROM ledger_leaf WHERE hash = $1::bytea;
