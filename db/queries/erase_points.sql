-- erase_points: the numbers of a customer, in the order in which they are locked.
-- Params   $1 bucket, $2 customer_id
-- Returns  phone_index, phone_sealed
SELECT phone_index, phone_sealed FROM contact_point
 WHERE bucket = $1::smallint AND customer_id = $2::bigint AND length(phone_sealed) > 0
 ORDER BY phone_index;
