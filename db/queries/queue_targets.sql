-- queue_targets: what a dispatcher has to know of each queue.
-- Params   $1 code, or null for all
-- Returns  queue_id, code, kind, url, state, dedupes, concurrency, timeout_ms, sealed
--          secret, rate or 0, rate_sec, batch or 0, batch_pause_ms, hours_from or 0,
--          hours_to or 0, zone, tries_max, state_by, state_why, updated at
SELECT queue_id, code, kind, url, state, dedupes, concurrency, timeout_ms, secret_sealed,
       coalesce(rate, 0), rate_sec, coalesce(batch, 0), batch_pause_ms,
       coalesce(hours_from, 0), coalesce(hours_to, 0), zone, tries_max, state_by, state_why,
       updated_at
  FROM queue WHERE $1::text IS NULL OR code = $1::text ORDER BY queue_id;
