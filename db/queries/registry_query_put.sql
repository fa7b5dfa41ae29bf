-- registry_query_put: how a registry is asked about one number.
-- Params   $1 registry, $2 url, $3 sealed secret or null (what is there stays), $4 form of the
--          number, $5 timeout in ms, $6 questions a second, $7 enabled, $8 now, $9 actor
-- Returns  registry
INSERT INTO registry_query (registry, url, secret_sealed, number_form, timeout_ms,
    per_second, enabled, updated_at, updated_by)
VALUES ($1::text, $2::text, $3::bytea, $4::text, $5::integer, $6::integer, $7::boolean,
    $8::timestamptz, $9::text)
ON CONFLICT (registry) DO UPDATE SET url = excluded.url,
    secret_sealed = coalesce(excluded.secret_sealed, registry_query.secret_sealed),
    number_form = excluded.number_form, timeout_ms = excluded.timeout_ms,
    per_second = excluded.per_second, enabled = excluded.enabled, wait_until = '-infinity',
    updated_at = excluded.updated_at, updated_by = excluded.updated_by
RETURNING registry;
