-- recorder_put: define a recorder, or change what is said of it; its state stays.
-- Params   $1 code, $2 queues (empty: all), $3 longest silence in seconds, $4 now, $5 actor
INSERT INTO recorder (code, queues, max_age_sec, updated_at, updated_by)
VALUES ($1::text, $2::text[], $3::integer, $4::timestamptz, $5::text)
ON CONFLICT (code) DO UPDATE SET queues = excluded.queues,
    max_age_sec = excluded.max_age_sec, updated_at = excluded.updated_at,
    updated_by = excluded.updated_by;
