-- customer_key_get: a customer's wrapped key.
-- Params   $1 bucket, $2 customer_id
-- Returns  wrapped
SELECT wrapped FROM customer_key WHERE bucket = $1::smallint AND customer_id = $2::bigint;
