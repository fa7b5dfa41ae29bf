-- queue_turn_take: this dispatcher's turn to push to a queue that has a pace, if it is nobody else's.
-- Params   $1 queue_id, $2 holder, $3 microseconds until another may have it
-- Returns  taken?; if not: microseconds until it is free, and is it another's (not given back)?
-- Locking  the queue's row, for this statement
WITH mine AS (
    INSERT INTO queue_turn AS t (queue_id, holder, free_at)
    VALUES ($1::bigint, $2::text, clock_timestamp() + $3::bigint * interval '1 microsecond')
    ON CONFLICT (queue_id) DO UPDATE SET holder = excluded.holder, free_at = excluded.free_at
     WHERE t.holder = excluded.holder OR t.free_at <= clock_timestamp()
    RETURNING t.queue_id
)
SELECT EXISTS (SELECT FROM mine),
       coalesce(greatest(0, extract(epoch FROM t.free_at - clock_timestamp()) * 1000000), 0)::bigint,
       coalesce(t.holder <> $2::text, false)
  FROM (SELECT 1) AS one LEFT JOIN queue_turn t ON t.queue_id = $1::bigint;
