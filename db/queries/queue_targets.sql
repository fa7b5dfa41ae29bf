-- queue_targets: what a dispatcher has to know of each queue.
-- Params   $1 code, or null for all
-- Returns  queue_id, code, kind, url, state, dedupes, concurrency, timeout_ms, sealed
--          secret, rate or 0, rate_sec, batch or 0, batch_pause_ms, hours_from or 0,
--          hours_to or 0, zone, tries_max, state_by, state_why, updated at,
--          connector or null, its settings, CA or null, client certificate or null, its
--          sealed key or null, the document of the connector's version in force or null
SELECT q.queue_id, q.code, q.kind, q.url, q.state, q.dedupes, q.concurrency, q.timeout_ms,
       q.secret_sealed, coalesce(q.rate, 0), q.rate_sec, coalesce(q.batch, 0),
       q.batch_pause_ms, coalesce(q.hours_from, 0), coalesce(q.hours_to, 0), q.zone,
       q.tries_max, q.state_by, q.state_why, q.updated_at, q.connector,
       q.connector_settings, q.ca_pem, q.client_cert_pem, q.client_key_sealed, c.document
  FROM queue q LEFT JOIN connector c ON c.name = q.connector AND c.state = 'active'
 WHERE $1::text IS NULL OR q.code = $1::text ORDER BY q.queue_id;
