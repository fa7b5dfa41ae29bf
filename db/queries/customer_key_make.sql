-- customer_key_make: a key for a customer who has none; an erased one never gets any again.
-- Params   $1 bucket, $2 customer_id, $3 wrapped
-- Locking  waits for another who makes one at the same time; that one's is the key
INSERT INTO customer_key (bucket, customer_id, wrapped)
SELECT c.bucket, c.customer_id, $3::bytea
  FROM customer c
 WHERE c.bucket = $1::smallint AND c.customer_id = $2::bigint AND c.erased_at IS NULL
ON CONFLICT DO NOTHING;
