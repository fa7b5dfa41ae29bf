-- complaint_open: a customer complained: contacts wait until it is settled.
-- Params   $1 bucket, $2 customer_id, $3 now
UPDATE customer SET complaint_open = true, updated_at = $3::timestamptz
 WHERE bucket = $1::smallint AND customer_id = $2::bigint;
