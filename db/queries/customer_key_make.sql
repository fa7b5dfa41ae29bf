-- customer_key_make: keys for customers who have none; an erased one never gets any again.
-- Params   $1 buckets, $2 customer ids, $3 wrapped, in hexadecimal (arrays of one length)
-- Locking  in the order of the key; waits for another who makes one at the same time: that
--          one's is the key
-- Index    customer_pkey
INSERT INTO customer_key (bucket, customer_id, wrapped)
SELECT c.bucket, c.customer_id, decode(w.wrapped, 'hex')
  FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS w (bucket, customer_id, wrapped)
  JOIN customer c ON c.bucket = w.bucket::smallint AND c.customer_id = w.customer_id
 WHERE c.erased_at IS NULL
 ORDER BY c.bucket, c.customer_id
ON CONFLICT DO NOTHING;
