-- index_move_points: contact points of one bucket to their new hash.
-- Params   $1 bucket, $2 point ids
UPDATE contact_point p SET phone_index = m.new_index
  FROM phone_index_move m
 WHERE p.bucket = $1::smallint AND p.point_id = ANY ($2::bigint[])
   AND m.old_index = p.phone_index
   AND NOT EXISTS (SELECT 1 FROM contact_point d WHERE d.bucket = p.bucket
                    AND d.customer_id = p.customer_id AND d.phone_index = m.new_index);
