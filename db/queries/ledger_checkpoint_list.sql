-- ledger_checkpoint_list: published checkpoints in order, a page at a time.
-- Params   $1 above size bigint, $2 limit integer
-- Returns  size, root, note
SELECT size, root, note FROM ledger_checkpoint
 WHERE size > $1::bigint ORDER BY size LIMIT $2::integer;
