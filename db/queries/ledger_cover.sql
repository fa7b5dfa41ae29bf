-- ledger_cover: the first checkpoint that covers an entry.
-- Params   $1 index bigint
-- Returns  size, root hex, note, at; no row when none does yet
SELECT size, encode(root, 'hex'), note, at FROM ledger_checkpoint
 WHERE size > $1::bigint ORDER BY size LIMIT 1;
