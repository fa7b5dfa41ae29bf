-- facts_counts: contacts that count against caps, by person and by number.
-- Params   $1 bucket, $2 customer ids, $3 oldest instant of interest, $4 a count_id to
--          leave out (the task's own reservation) or null
-- Returns  customer_id, phone_index, kind, at, channel, expires_at, this person; by
--          customer_id
SELECT customer_id, phone_index, kind, at, channel, expires_at, true AS own
  FROM contact_count
 WHERE bucket = $1::smallint AND customer_id = ANY ($2::bigint[])
   AND at > $3::timestamptz AND count_id IS DISTINCT FROM $4::uuid
UNION ALL
SELECT p.customer_id, c.phone_index, c.kind, c.at, c.channel, c.expires_at, false
  FROM contact_point p
  JOIN contact_count c ON c.phone_index = p.phone_index AND c.at > $3::timestamptz
       AND NOT (c.bucket = p.bucket AND c.customer_id = p.customer_id)
 WHERE p.bucket = $1::smallint AND p.customer_id = ANY ($2::bigint[])
 ORDER BY 1, 4;
