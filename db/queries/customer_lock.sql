-- customer_lock: a customer's row, until the transaction ends.
-- Params   $1 bucket, $2 customer_id
-- Locking  FOR NO KEY UPDATE: rows that refer to the customer are not held up
SELECT 1 FROM customer WHERE bucket = $1::smallint AND customer_id = $2::bigint
   FOR NO KEY UPDATE;
