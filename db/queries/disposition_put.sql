-- disposition_put: a word for the end of a contact, new or changed.
-- Params   $1 code, $2 name_zh, $3 name_en, $4 flags, $5 retired, $6 actor, $7 now
INSERT INTO disposition (code, name_zh, name_en, flags, retired, updated_by, updated_at)
VALUES ($1::text, $2::text, $3::text, $4::text[], $5::boolean, $6::text, $7::timestamptz)
ON CONFLICT (code) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en,
    flags = excluded.flags, retired = excluded.retired, updated_by = excluded.updated_by,
    updated_at = excluded.updated_at;
