-- ledger_take: moves a batch from the outbox into the tree, giving dense indexes.
-- An identity is handed out before its transaction commits, so ids become visible out
-- of order: rows are taken by deleting them, never by remembering how far one was.
-- Params   $1 after id bigint, $2 limit integer, $3 index of the first one bigint
-- Returns  hash of each new leaf in index order, id of the last taken, how many
--          microseconds ago the oldest was written
-- Locking  the caller holds ledger_lock and the epoch (ledger_fence)
-- Index    ledger_outbox_pkey: the array keeps the planner on it, whatever it believes
--          about a table that grows and empties faster than it is analysed
WITH taken AS (
    DELETE FROM ledger_outbox WHERE id = ANY (ARRAY(
        SELECT id FROM ledger_outbox WHERE id > $1::bigint
         ORDER BY id LIMIT $2::integer))
    RETURNING id, bucket, kind, entry, at
), numbered AS (
    SELECT $3::bigint + row_number() OVER (ORDER BY id) - 1 AS idx, bucket, kind, entry
      FROM taken
), added AS (
    INSERT INTO ledger_leaf (idx, bucket, kind, entry, hash)
    SELECT idx, bucket, kind, entry, sha256('\x00'::bytea || entry) FROM numbered
    RETURNING idx, hash
)
SELECT hash, (SELECT max(id) FROM taken),
       (SELECT (extract(epoch FROM clock_timestamp() - min(at)) * 1000000)::bigint FROM taken)
  FROM added ORDER BY idx;
