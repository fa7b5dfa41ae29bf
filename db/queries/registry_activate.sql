-- registry_activate: a version is the one in force; those before it go.
-- Params   $1 registry, $2 version, $3 file hash, $4 version of the index key, $5 obtained
--          at, $6 now, $7 actor, $8 numbers, $9 rejected
-- Whoever reads meanwhile goes on with the version of its snapshot.
WITH made AS (
    INSERT INTO registry_version (registry, version, file_hash, index_version, obtained_at,
        loaded_at, actor, rows_listed, rows_rejected)
    VALUES ($1::text, $2::integer, $3::bytea, $4::smallint, $5::timestamptz,
        $6::timestamptz, $7::text, $8::bigint, $9::bigint)
), gone AS (
    DELETE FROM registry_entry WHERE registry = $1::text AND version < $2::integer
)
UPDATE registry SET active_version = $2::integer, updated_at = $6::timestamptz,
       updated_by = $7::text WHERE code = $1::text;
