-- revocation_get: one request, its words and the key that opens them.
-- Params   $1 bucket, $2 request_id
-- Returns  customer_id, customer ref, received_at, received_by, deadline, rule, state,
--          settled_at, settled_by, note, breached_at, words sealed or null, wrapped key or
--          null
SELECT r.customer_id, c.ref, r.received_at, r.received_by, r.deadline, r.rule, r.state,
       r.settled_at, r.settled_by, r.note, r.breached_at, r.words_sealed, k.wrapped
  FROM revocation_request r
  JOIN customer c ON c.bucket = r.bucket AND c.customer_id = r.customer_id
  LEFT JOIN customer_key k ON k.bucket = r.bucket AND k.customer_id = r.customer_id
 WHERE r.bucket = $1::smallint AND r.request_id = $2::uuid;
