-- registry_query_rest: a registry that failed is not asked for a while.
-- Params   $1 registry, $2 milliseconds
UPDATE registry_query
   SET wait_until = clock_timestamp() + $2::bigint * interval '1 millisecond'
 WHERE registry = $1::text;
