-- point_sharers: the other customers who have the number of a contact point.
-- Params   $1 bucket, $2 customer_id, $3 point_id, $4 limit bigint
-- Returns  ref, name_mask, state of their contact point, whether of the same household, how
--          many there are
-- Index    contact_point_phone_idx
SELECT c.ref, c.name_mask, contact_state(o.verified, o.doubt),
       EXISTS (SELECT 1 FROM household_member m JOIN household_member n
                 ON n.household_ref = m.household_ref AND n.state = 'member'
                WHERE m.bucket = p.bucket AND m.customer_id = p.customer_id
                  AND m.state = 'member'
                  AND n.bucket = o.bucket AND n.customer_id = o.customer_id),
       count(*) OVER ()
  FROM contact_point p
  JOIN contact_point o ON o.phone_index = ANY (phone_class(p.phone_index))
   AND (o.bucket, o.customer_id) <> (p.bucket, p.customer_id)
  JOIN customer c ON c.bucket = o.bucket AND c.customer_id = o.customer_id
 WHERE p.bucket = $1::smallint AND p.customer_id = $2::bigint AND p.point_id = $3::bigint
 ORDER BY c.bucket, c.customer_id LIMIT $4::bigint;
