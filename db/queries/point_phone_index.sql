-- point_phone_index: the keyed hash of a contact point's number.
-- Params   $1 bucket, $2 customer_id, $3 point_id
-- Returns  phone_index
SELECT phone_index FROM contact_point
 WHERE bucket = $1::smallint AND customer_id = $2::bigint AND point_id = $3::bigint;
