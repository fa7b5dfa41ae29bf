-- revocation_list: requests to revoke, the most urgent first.
-- Params   $1 state or null for all, $2 limit
-- Returns  request_id, customer ref, received_at, received_by, deadline, rule, state,
--          settled_at, settled_by, note, breached_at
SELECT r.request_id, c.ref, r.received_at, r.received_by, r.deadline, r.rule, r.state,
       r.settled_at, r.settled_by, r.note, r.breached_at
  FROM revocation_request r
  JOIN customer c ON c.bucket = r.bucket AND c.customer_id = r.customer_id
 WHERE $1::text IS NULL OR r.state = $1::text
 ORDER BY r.deadline, r.request_id LIMIT $2::integer;
