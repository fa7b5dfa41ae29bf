-- joint_holder_list: who holds accounts together with a customer.
-- Params   $1 bucket, $2 customer_id
-- Returns  holder_ref, rating (null: none), updated_at
SELECT holder_ref, rating, updated_at FROM joint_holder
 WHERE bucket = $1::smallint AND customer_id = $2::bigint
 ORDER BY holder_ref;
