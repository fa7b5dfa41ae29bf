-- migration_table: what has been applied; the one table that no migration makes.
-- Params   none
-- Returns  nothing
CREATE TABLE IF NOT EXISTS schema_migration (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    sha256     bytea NOT NULL,
    applied_at timestamptz NOT NULL
);
