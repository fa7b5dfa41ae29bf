-- registry_stage: where the numbers of a file go first (a script, once a transaction).
-- Params   none
CREATE TEMP TABLE IF NOT EXISTS stage_registry (phone_index bytea, listed_on date);
TRUNCATE stage_registry;
