-- ledger_find: the index of a leaf by the id that its entry names and its hash.
-- Params   $1 leaf hash bytea, $2 id text, of at most 80 characters
-- Returns  idx; no row while the entry waits for its sequencing
-- Index    ledger_leaf_id_idx
SELECT idx FROM ledger_leaf
 WHERE left(split_part(split_part(encode(entry, 'escape'), '"id":"', 2), '"', 1), 80)
     = $2::text
   AND hash = $1::bytea;
