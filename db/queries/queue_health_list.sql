-- queue_health_list: how dispatchers that were heard of lately see their queues.
-- Params   $1 queue code, or null for all
-- Returns  queue code, worker, concurrency, in flight, deaths, dead until or null, sent,
--          accepted, retried, refused, unknown, stale, dead, last ok, last failed, last
--          status or 0, last error, seen at
SELECT q.code, h.worker, h.concurrency, h.in_flight, h.deaths, h.dead_until, h.sent,
       h.accepted, h.retried, h.refused, h.unknown, h.stale, h.dead, h.last_ok_at,
       h.last_failed_at, coalesce(h.last_status, 0), h.last_error, h.seen_at
  FROM queue_health h JOIN queue q USING (queue_id)
 WHERE ($1::text IS NULL OR q.code = $1::text)
   AND h.seen_at > clock_timestamp() - interval '2 minutes'
 ORDER BY q.code, h.worker;
