-- key_rewrap_next: customer keys of one bucket that an older key wraps.
-- Params   $1 bucket, $2 newest version, $3 after customer_id, $4 limit
-- Returns  customer_id, wrapped
SELECT customer_id, wrapped FROM customer_key
 WHERE bucket = $1::smallint AND customer_id > $3::bigint
   AND get_byte(wrapped, 1) <> $2::integer
 ORDER BY customer_id LIMIT $4::integer;
