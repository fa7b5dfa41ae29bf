-- trace_points: a customer's contact points.
-- Params   $1 bucket, $2 customer_id
-- Returns  as trace_parties
SELECT p.bucket, p.customer_id, p.point_id, c.ref, contact_state(p.verified, p.doubt), p.phone_mask
  FROM contact_point p
  JOIN customer c ON c.bucket = p.bucket AND c.customer_id = p.customer_id
 WHERE p.bucket = $1::smallint AND p.customer_id = $2::bigint
 ORDER BY p.point_id;
