-- pack_activate: a version comes into force. What was in force ends then; one that is due
-- later still begins when it was to.
-- Params   $1 pack, $2 version, $3 content hash, $4 from, $5 submitted by, $6 approved by,
--          $7 now
-- Returns  one row; none when that version is in force from then on already
-- Locking  pack_lock in the same transaction
WITH later AS (
    SELECT min(effective_from) AS at FROM pack_activation
     WHERE pack = $1::text AND effective_from > $4::timestamptz
       AND (effective_to IS NULL OR effective_to > effective_from)),
fresh AS (
    INSERT INTO pack_activation (pack, version, content_hash, effective_from, effective_to,
        activated_by, approved_by, activated_at)
    SELECT $1::text, $2::text, $3::bytea, $4::timestamptz, (SELECT at FROM later), $5::text,
        $6::text, $7::timestamptz
     WHERE NOT EXISTS (
        SELECT FROM pack_activation
         WHERE pack = $1::text AND version = $2::text AND content_hash = $3::bytea
           AND effective_from <= $4::timestamptz AND effective_to IS NULL)
    RETURNING activation_id),
older AS (
    UPDATE pack_activation SET effective_to = $4::timestamptz
     WHERE pack = $1::text AND effective_from <= $4::timestamptz
       AND (effective_to IS NULL OR effective_to > $4::timestamptz)
       AND EXISTS (SELECT FROM fresh))
SELECT activation_id FROM fresh;
