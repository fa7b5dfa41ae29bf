-- import_customer_ids: fresh customer ids.
-- Params   $1 how many bigint
-- Returns  customer_id
SELECT nextval(pg_get_serial_sequence('customer', 'customer_id')::regclass)
  FROM generate_series(1, $1::bigint);
