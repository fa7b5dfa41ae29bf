-- ledger_entries: entries in order, a page at a time.
-- Params   $1 first index bigint, $2 below index bigint, $3 limit integer
-- Returns  idx, entry, kind
SELECT idx, entry, kind FROM ledger_leaf
 WHERE idx >= $1::bigint AND idx < $2::bigint ORDER BY idx LIMIT $3::integer;
