-- party_lock: holds a customer against changes of what rules ask about the customer.
-- Params   $1 bucket, $2 customer_id
-- Returns  true; no row when there is no such customer, or an erased one
-- Locking  the customer's row, FOR NO KEY UPDATE
SELECT true FROM customer
 WHERE bucket = $1::smallint AND customer_id = $2::bigint AND erased_at IS NULL
   FOR NO KEY UPDATE;
