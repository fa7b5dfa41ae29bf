-- outsourcer_put: an outsourcer and its mandate (nulls: none).
-- Params   $1 code, $2 name, $3 mandate, $4 SHA-256 in hexadecimal, $5 from, $6 until, $7 now,
--          $8 actor
INSERT INTO outsourcer (code, name, mandate, mandate_hash, mandate_from, mandate_until,
    updated_at, updated_by)
VALUES ($1::text, $2::text, $3::text, decode($4::text, 'hex'), $5::timestamptz,
    $6::timestamptz, $7::timestamptz, $8::text)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, mandate = excluded.mandate,
    mandate_hash = excluded.mandate_hash, mandate_from = excluded.mandate_from,
    mandate_until = excluded.mandate_until, updated_at = excluded.updated_at,
    updated_by = excluded.updated_by;
