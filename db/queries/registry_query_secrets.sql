-- registry_query_secrets: the sealed secret of each registry that is asked with one.
-- Params   none
-- Returns  registry, secret_sealed
SELECT registry, secret_sealed FROM registry_query
 WHERE secret_sealed IS NOT NULL ORDER BY registry;
