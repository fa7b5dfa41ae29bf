-- trace_parties: everybody who has or had this number.
-- Params   $1 the number's hash, $2 its hash under the version before (null: none)
-- Returns  bucket, customer_id, point_id, ref, state of the number with them, mask
-- Index    contact_point_phone_idx
SELECT p.bucket, p.customer_id, p.point_id, c.ref, contact_state(p.verified, p.doubt), p.phone_mask
  FROM contact_point p
  JOIN customer c ON c.bucket = p.bucket AND c.customer_id = p.customer_id
 WHERE p.phone_index = $1::bytea OR p.phone_index = $2::bytea
 ORDER BY c.ref, p.point_id;
