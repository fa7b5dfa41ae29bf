-- import_customer_ids: fresh customer ids.
-- Params   $1 how many bigint
-- Returns  customer_id
WITH sequence AS MATERIALIZED (
    SELECT pg_get_serial_sequence('customer', 'customer_id')::regclass AS name
)
SELECT nextval(s.name) FROM sequence s, generate_series(1, $1::bigint);
