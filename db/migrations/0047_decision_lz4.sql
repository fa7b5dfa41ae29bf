-- The records of decisions under lz4, where the server has it: compressing them with pglz was a tenth of
-- what dispatch costs the database. Those that are there stay as they are.
DO $$ BEGIN
    ALTER TABLE decision ALTER COLUMN record SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END $$;
