-- facts_points: contact points of customers of one bucket, the best first: a number in
-- doubt only where there is no other.
-- Params   $1 bucket, $2 customer ids
-- Returns  customer_id, point_id, phone_index, phone_mask, zones, verified, sharers; by
--          customer_id
SELECT p.customer_id, p.point_id, p.phone_index, p.phone_mask, p.zones, p.verified,
       (SELECT count(*) FROM contact_point s WHERE s.phone_index = p.phone_index)
       + (SELECT count(*) FROM phone_alias a JOIN contact_point s ON s.phone_index = a.other
           WHERE a.own = p.phone_index)
  FROM contact_point p
 WHERE p.bucket = $1::smallint AND p.customer_id = ANY ($2::bigint[])
   AND length(p.phone_sealed) > 0
 ORDER BY p.customer_id, p.doubt IS NOT NULL, p.is_primary DESC, p.verified DESC, p.point_id;
