-- migration_list: the applied migrations, oldest first.
-- Params   none
-- Returns  number, name, sha256
SELECT number, name, sha256 FROM schema_migration ORDER BY number;
