-- reveal_points: the sealed numbers of one customer, primary first.
-- Params   $1 bucket, $2 customer_id, $3 point_id or null for all
-- Returns  point_id, kind, phone_sealed
SELECT point_id, kind, phone_sealed FROM contact_point
 WHERE bucket = $1::smallint AND customer_id = $2::bigint
   AND ($3::bigint IS NULL OR point_id = $3::bigint) AND length(phone_sealed) > 0
 ORDER BY is_primary DESC, point_id;
