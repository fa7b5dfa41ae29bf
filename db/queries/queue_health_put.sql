-- queue_health_put: what a dispatcher has learned of a queue; dispatchers that are long gone
-- are forgotten on the way.
-- Params   $1 queue_id, $2 worker, $3 concurrency, $4 in flight, $5 deaths, $6 dead for so
--          many microseconds more, or null, $7 sent, $8 accepted, $9 retried, $10 refused,
--          $11 unknown, $12 stale, $13 dead, $14 last ok, $15 last failed, $16 last status
--          or null, $17 last error or null
WITH old AS (
    DELETE FROM queue_health WHERE queue_id = $1::bigint
       AND seen_at < clock_timestamp() - interval '1 hour'
)
INSERT INTO queue_health (queue_id, worker, concurrency, in_flight, deaths, dead_until, sent,
    accepted, retried, refused, unknown, stale, dead, last_ok_at, last_failed_at,
    last_status, last_error, seen_at)
VALUES ($1::bigint, $2::text, $3::integer, $4::integer, $5::integer,
    clock_timestamp() + $6::bigint * interval '1 microsecond', $7::bigint, $8::bigint,
    $9::bigint, $10::bigint, $11::bigint, $12::bigint, $13::bigint, $14::timestamptz,
    $15::timestamptz, $16::integer, $17::text, clock_timestamp())
ON CONFLICT (queue_id, worker) DO UPDATE SET concurrency = excluded.concurrency,
    in_flight = excluded.in_flight, deaths = excluded.deaths,
    dead_until = excluded.dead_until, sent = excluded.sent, accepted = excluded.accepted,
    retried = excluded.retried, refused = excluded.refused, unknown = excluded.unknown,
    stale = excluded.stale, dead = excluded.dead, last_ok_at = excluded.last_ok_at,
    last_failed_at = excluded.last_failed_at, last_status = excluded.last_status,
    last_error = excluded.last_error, seen_at = excluded.seen_at;
