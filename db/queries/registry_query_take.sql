-- registry_query_take: room for questions in this second, over all processes.
-- Params   $1 registry, $2 how many are wanted
-- Returns  how many may be asked
-- Locking  the registry's row, for this statement
WITH room AS (
    SELECT registry, per_second, date_trunc('second', clock_timestamp()) AS second,
           CASE WHEN taken_second = date_trunc('second', clock_timestamp()) THEN taken
                ELSE 0 END AS taken
      FROM registry_query
     WHERE registry = $1::text AND enabled AND wait_until <= clock_timestamp()
       FOR UPDATE
)
UPDATE registry_query q
   SET taken = least(r.per_second, r.taken + $2::integer), taken_second = r.second
  FROM room r WHERE q.registry = r.registry
RETURNING least(r.per_second - r.taken, $2::integer);
