-- number_seen_list: the caller numbers that customers of one bucket saw last, of a pool.
-- Params   $1 bucket, $2 pool, $3 customer ids
-- Returns  customer_id, number_id; by customer_id
SELECT customer_id, number_id FROM number_seen
 WHERE bucket = $1::smallint AND pool = $2::text AND customer_id = ANY ($3::bigint[])
 ORDER BY customer_id;
