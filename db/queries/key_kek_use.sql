-- key_kek_use: what each version of the wrapping key has wrapped.
-- Params   none
-- Returns  version, customer keys, secrets of queues and registries; by version
SELECT version, sum(customers)::bigint, sum(queues)::bigint
  FROM (SELECT get_byte(wrapped, 1) AS version, count(*) AS customers, 0 AS queues
          FROM customer_key WHERE length(wrapped) > 1 GROUP BY 1
        UNION ALL
        SELECT get_byte(secret_sealed, 2), 0, count(*)
          FROM queue WHERE length(secret_sealed) > 2 GROUP BY 1
        UNION ALL
        SELECT get_byte(secret_sealed, 2), 0, count(*)
          FROM registry_query WHERE length(secret_sealed) > 2 GROUP BY 1) AS used
 GROUP BY version ORDER BY version;
