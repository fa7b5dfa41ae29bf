-- index_move_points_next: contact points of one bucket that still have the old hash.
-- Params   $1 bucket, $2 after point_id, $3 limit
-- Returns  point_id, customer_id, phone_index, phone_sealed, wrapped customer key
SELECT p.point_id, p.customer_id, p.phone_index, p.phone_sealed, k.wrapped
  FROM contact_point p
  JOIN customer_key k ON k.bucket = p.bucket AND k.customer_id = p.customer_id
 WHERE p.bucket = $1::smallint AND p.point_id > $2::bigint
   AND length(p.phone_sealed) > 0
   AND NOT EXISTS (SELECT 1 FROM phone_index_move m WHERE m.new_index = p.phone_index)
 ORDER BY p.point_id LIMIT $3::integer;
