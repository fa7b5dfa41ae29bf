-- erase_lock: a customer about to be erased.
-- Params   $1 bucket, $2 customer_id
-- Returns  erased, legal_hold, wrapped key
-- Locking  the customer row FOR UPDATE, after guards and permission
SELECT c.erased_at IS NOT NULL, c.legal_hold, k.wrapped
  FROM customer c
  LEFT JOIN customer_key k ON k.bucket = c.bucket AND k.customer_id = c.customer_id
 WHERE c.bucket = $1::smallint AND c.customer_id = $2::bigint
   FOR UPDATE OF c;
