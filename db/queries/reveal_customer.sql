-- reveal_customer: what is sealed of one customer, and the key.
-- Params   $1 bucket, $2 customer_id
-- Returns  name_sealed, id_sealed, wrapped
SELECT c.name_sealed, c.id_sealed, k.wrapped
  FROM customer c
  JOIN customer_key k ON k.bucket = c.bucket AND k.customer_id = c.customer_id
 WHERE c.bucket = $1::smallint AND c.customer_id = $2::bigint;
