-- pack_activate: a pack comes into force; the version before it ends then.
-- Params   $1 pack, $2 version, $3 content hash, $4 from, $5 activated by, $6 approved by,
--          $7 now
-- Returns  one row; none when that version is active already
WITH older AS (
    UPDATE pack_version SET effective_to = $4::timestamptz
     WHERE pack = $1::text AND version <> $2::text
       AND (effective_to IS NULL OR effective_to > $4::timestamptz))
INSERT INTO pack_version (pack, version, content_hash, effective_from, activated_by,
    approved_by, activated_at)
VALUES ($1::text, $2::text, $3::bytea, $4::timestamptz, $5::text, $6::text,
    $7::timestamptz)
ON CONFLICT (pack, version) DO NOTHING
RETURNING pack;
