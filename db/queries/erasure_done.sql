-- erasure_done: a second person has confirmed it, and it is done.
-- Params   $1 bucket, $2 customer_id, $3 who, $4 now
UPDATE erasure SET confirmed_by = $3::text, erased_at = $4::timestamptz
 WHERE bucket = $1::smallint AND customer_id = $2::bigint;
