-- number_seen_put: the caller number a customer saw last, of a pool.
-- Params   $1 bucket, $2 customer_id, $3 pool, $4 number_id, $5 now
INSERT INTO number_seen AS s (bucket, customer_id, pool, number_id, at)
VALUES ($1::smallint, $2::bigint, $3::text, $4::bigint, $5::timestamptz)
ON CONFLICT (bucket, customer_id, pool) DO UPDATE SET number_id = excluded.number_id,
    at = excluded.at;
