-- queue_put: a queue that tasks are pushed to, new or changed; its state stays.
-- Params   $1 code, $2 kind, $3 url, $4 sealed secret, or null: as before, $5 dedupes,
--          $6 concurrency, $7 timeout_ms, $8 now, $9 rate or null, $10 rate_sec, $11 batch
--          or null, $12 batch_pause_ms, $13 hours_from or null, $14 hours_to or null,
--          $15 zone, $16 tries_max, $17 connector or null, $18 its settings, $19 CA or null,
--          $20 client certificate or null, $21 its sealed key, or null: as before
INSERT INTO queue (code, kind, url, secret_sealed, dedupes, concurrency, timeout_ms,
    updated_at, rate, rate_sec, batch, batch_pause_ms, hours_from, hours_to, zone,
    tries_max, connector, connector_settings, ca_pem, client_cert_pem, client_key_sealed)
VALUES ($1::text, $2::text, $3::text, coalesce($4::bytea, (SELECT secret_sealed FROM queue
        WHERE code = $1::text)), $5::boolean, $6::integer, $7::integer, $8::timestamptz,
    $9::integer, $10::integer, $11::integer, $12::integer, $13::integer, $14::integer,
    $15::text, $16::integer, $17::text, $18::text, $19::text, $20::text,
    CASE WHEN $20::text IS NOT NULL THEN coalesce($21::bytea, (SELECT client_key_sealed
        FROM queue WHERE code = $1::text)) END)
ON CONFLICT (code) DO UPDATE SET kind = excluded.kind, url = excluded.url,
    secret_sealed = excluded.secret_sealed, dedupes = excluded.dedupes,
    concurrency = excluded.concurrency, timeout_ms = excluded.timeout_ms,
    updated_at = excluded.updated_at, rate = excluded.rate, rate_sec = excluded.rate_sec,
    batch = excluded.batch, batch_pause_ms = excluded.batch_pause_ms,
    hours_from = excluded.hours_from, hours_to = excluded.hours_to, zone = excluded.zone,
    tries_max = excluded.tries_max, connector = excluded.connector,
    connector_settings = excluded.connector_settings, ca_pem = excluded.ca_pem,
    client_cert_pem = excluded.client_cert_pem,
    client_key_sealed = excluded.client_key_sealed;
