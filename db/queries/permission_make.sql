-- permission_make: the row that the gate and withdrawals lock, for a customer without one.
-- Params   $1 bucket, $2 customer_id
INSERT INTO customer_permission (bucket, customer_id) VALUES ($1::smallint, $2::bigint)
ON CONFLICT DO NOTHING;
