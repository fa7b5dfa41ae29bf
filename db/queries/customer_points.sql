-- customer_points: the contact points of one customer, those not in doubt and primary first
-- Params   $1 bucket bigint, $2 customer_id bigint
-- Returns  point_id, kind, phone_mask, phone_sealed, phone_index, region, zones, verified,
--          is_primary, other customers with the number, state, and since when, how and by whom it is known
-- Index    contact_point_phone_idx, for the others
SELECT p.point_id, p.kind, p.phone_mask, p.phone_sealed, p.phone_index, p.region, p.zones,
       p.verified, p.is_primary,
       (SELECT count(DISTINCT (o.bucket, o.customer_id))
          FROM contact_point AS o
         WHERE o.phone_index = ANY (phone_class(p.phone_index))
           AND (o.bucket, o.customer_id) <> (p.bucket, p.customer_id)),
       contact_state(p.verified, p.doubt), p.state_at, p.state_how, p.state_by
  FROM contact_point AS p
 WHERE p.bucket = $1::bigint AND p.customer_id = $2::bigint
   AND length(p.phone_sealed) > 0
 ORDER BY p.doubt IS NOT NULL, p.is_primary DESC, p.point_id
