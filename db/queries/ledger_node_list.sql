-- ledger_node_list: roots of whole tiles of one level, in order.
-- Params   $1 level smallint, $2 first n bigint, $3 below n bigint
-- Returns  n, hash
SELECT n, hash FROM ledger_node
 WHERE level = $1::smallint AND n >= $2::bigint AND n < $3::bigint ORDER BY n;
