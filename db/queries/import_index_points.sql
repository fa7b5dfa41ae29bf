-- import_index_points: contact points of customers of the batch get the new hash before
-- the batch is put, so that the same number is found as the same.
-- Params   $1 buckets, $2 customer ids
UPDATE contact_point p SET phone_index = m.new_index
  FROM unnest($1::bigint[], $2::bigint[]) AS r (bucket, customer_id)
  JOIN contact_point q ON q.bucket = r.bucket::smallint AND q.customer_id = r.customer_id
  JOIN phone_index_move m ON m.old_index = q.phone_index
 WHERE p.bucket = q.bucket AND p.point_id = q.point_id AND p.phone_index = m.old_index;
