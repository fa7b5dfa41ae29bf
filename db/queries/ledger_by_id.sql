-- ledger_by_id: where the entries stand that name an id.
-- Params   $1 id text, of at most 80 characters
-- Returns  idx, kind; at most twenty
-- Index    ledger_leaf_id_idx
SELECT idx, kind FROM ledger_leaf
 WHERE left(split_part(split_part(encode(entry, 'escape'), '"id":"', 2), '"', 1), 80)
     = $1::text
 ORDER BY idx LIMIT 20;
