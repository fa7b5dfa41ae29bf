-- number_seen_list: the caller numbers that customers saw last, of a pool.
-- Params   $1 buckets, $2 customer ids (arrays of one length), $3 pool
-- Returns  customer_id, number_id; by customer_id
SELECT s.customer_id, s.number_id
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN number_seen s ON s.bucket = w.bucket::smallint AND s.customer_id = w.customer_id
   AND s.pool = $3::text
 ORDER BY s.customer_id;
