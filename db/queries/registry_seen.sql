-- registry_seen: was this very file loaded before?
-- Params   $1 registry, $2 hash of the file, $3 obtained_at, $4 version of the index key
-- Returns  version, numbers, rejected
SELECT version, rows_listed, rows_rejected FROM registry_version
 WHERE registry = $1::text AND file_hash = $2::bytea AND obtained_at = $3::timestamptz
   AND index_version = $4::smallint;
