-- fraud_hold: a call gave reason to think that somebody is defrauding the customer.
-- Params   $1 bucket, $2 customer_id, $3 now
-- Locking  the customer, after the permission
UPDATE customer SET fraud_hold = true, updated_at = $3::timestamptz
 WHERE bucket = $1::smallint AND customer_id = $2::bigint;
