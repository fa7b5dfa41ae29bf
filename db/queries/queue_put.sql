-- queue_put: a queue that tasks are pushed to, new or changed.
-- Params   $1 code, $2 kind, $3 url, $4 sealed secret, $5 dedupes, $6 concurrency,
--          $7 timeout_ms, $8 now
INSERT INTO queue (code, kind, url, secret_sealed, dedupes, concurrency, timeout_ms,
    updated_at)
VALUES ($1::text, $2::text, $3::text, $4::bytea, $5::boolean, $6::integer, $7::integer,
    $8::timestamptz)
ON CONFLICT (code) DO UPDATE SET kind = excluded.kind, url = excluded.url,
    secret_sealed = excluded.secret_sealed, dedupes = excluded.dedupes,
    concurrency = excluded.concurrency, timeout_ms = excluded.timeout_ms,
    updated_at = excluded.updated_at;
