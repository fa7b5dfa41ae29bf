-- override_customer: whose an override is; read without a lock.
-- Params   $1 bucket, $2 override_id
-- Returns  customer_id
SELECT customer_id FROM gate_override
 WHERE bucket = $1::smallint AND override_id = $2::uuid;
