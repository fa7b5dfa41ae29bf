-- pack_version_insert: a version is loaded.
-- Params   $1 pack, $2 version, $3 content hash, $4 rules, $5 loaded by, $6 now
-- Returns  one row; none when there is that version already
INSERT INTO pack_version (pack, version, content_hash, rules, state, loaded_by, loaded_at)
VALUES ($1::text, $2::text, $3::bytea, $4::integer, 'loaded', $5::text, $6::timestamptz)
ON CONFLICT (pack, version) DO NOTHING
RETURNING pack;
