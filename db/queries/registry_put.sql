-- registry_put: define a registry, or change what is said of it.
-- Params   $1 code, $2 kind, $3 country, $4 name_zh, $5 name_en, $6 channels (empty: all),
--          $7 freshness days, $8 grace days, $9 actor, $10 now
-- Returns  code; no row: it exists with another kind
INSERT INTO registry (code, kind, country, name_zh, name_en, channels, freshness_days,
    grace_days, up_since, updated_by, updated_at)
VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text[], $7::integer,
    $8::integer, $10::timestamptz, $9::text, $10::timestamptz)
ON CONFLICT (code) DO UPDATE SET country = excluded.country, name_zh = excluded.name_zh,
    name_en = excluded.name_en, channels = excluded.channels,
    freshness_days = excluded.freshness_days, grace_days = excluded.grace_days,
    updated_by = excluded.updated_by, updated_at = excluded.updated_at
 WHERE registry.kind = excluded.kind
RETURNING code;
