-- objection_find: is there such an objection of the customer?
-- Params   $1 bucket, $2 objection_id, $3 customer_id
SELECT 1 FROM objection
 WHERE bucket = $1::smallint AND objection_id = $2::uuid AND customer_id = $3::bigint;
