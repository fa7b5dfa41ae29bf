-- ledger_node_put: roots of whole tiles, in the transaction that adds their leaves.
-- Params   $1 levels bigint[], $2 numbers bigint[], $3 hashes in hexadecimal text[]
-- Returns  nothing
INSERT INTO ledger_node (level, n, hash)
SELECT level, n, decode(hash, 'hex')
  FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS x (level, n, hash)
ON CONFLICT (level, n) DO NOTHING;
