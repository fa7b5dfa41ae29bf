-- registry_query_list: how registries are asked; without their secrets.
-- Params   none
-- Returns  registry, url, has a secret, form of the number, timeout in ms, questions a second,
--          enabled, updated_by; by registry
SELECT registry, url, secret_sealed IS NOT NULL, number_form, timeout_ms, per_second,
       enabled, updated_by
  FROM registry_query ORDER BY registry;
