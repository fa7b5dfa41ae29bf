-- migration_exists: has this database ever been migrated?
-- Params   none
-- Returns  exists
SELECT to_regclass('schema_migration') IS NOT NULL;
