-- migration_record: inside the migration's own transaction.
-- Params   $1 number integer, $2 name text, $3 sha256 bytea
-- Returns  nothing
INSERT INTO schema_migration (number, name, sha256, applied_at)
VALUES ($1::integer, $2::text, $3::bytea, clock_timestamp());
