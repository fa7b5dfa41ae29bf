-- consent_share: hold a customer's permissions while the gate decides.
-- Params   $1 bucket, $2 customer_id
-- Returns  epoch
-- Locking  customer_permission FOR NO KEY UPDATE: two contacts of one person take turns, so that
--          the second counts the first
SELECT epoch FROM customer_permission
 WHERE bucket = $1::smallint AND customer_id = $2::bigint FOR NO KEY UPDATE;
