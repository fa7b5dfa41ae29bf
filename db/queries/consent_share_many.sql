-- consent_share_many: hold the permissions of a batch's customers while the gate decides.
-- Params   $1 buckets, $2 customer ids (arrays of one length)
-- Returns  customer_id of each that is held
-- Locking  customer_permission FOR NO KEY UPDATE, in key order; SKIP LOCKED: a batch waits for no
--          customer while it holds the others
SELECT m.customer_id
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN customer_permission m
    ON m.bucket = w.bucket::smallint AND m.customer_id = w.customer_id
 ORDER BY m.bucket, m.customer_id
   FOR NO KEY UPDATE OF m SKIP LOCKED;
