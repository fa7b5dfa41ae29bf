-- ledger_checkpoint_last: the newest published checkpoint of at most so many entries.
-- Params   $1 size bigint
-- Returns  size, note, edge
SELECT size, note, edge FROM ledger_checkpoint
 WHERE size <= $1::bigint ORDER BY size DESC LIMIT 1;
