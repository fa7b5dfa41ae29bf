-- queue_url_set: where a queue is now.
-- Params   $1 code, or null for all queues, $2 url, $3 now
-- Returns  codes that changed
UPDATE queue SET url = $2::text, updated_at = $3::timestamptz
 WHERE ($1::text IS NULL OR code = $1::text) AND url <> $2::text
RETURNING code;
