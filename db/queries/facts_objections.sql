-- facts_objections: objections by customers of one bucket, by others on their numbers, and
-- by others for their whole household.
-- Params   $1 bucket, $2 customer ids
-- Returns  customer_id, objection_id, kind, channel, own, point_id of the customer's point
--          that the objection is about (null: every number; -1: one that is gone: a
--          carrier's list is about a number, other objections about the person too),
--          effective_at,
--          recorded_at, lifted_at, the point it named (as above); by customer_id. A number is known by either hash while
--          the index key is exchanged.
SELECT customer_id, objection_id, kind, channel, true AS own,
       CASE WHEN kind = 'carrier_reject' AND phone_index IS NOT NULL THEN
           coalesce((SELECT p.point_id FROM contact_point p WHERE p.bucket = o.bucket
               AND p.customer_id = o.customer_id
               AND p.phone_index = ANY (phone_class(o.phone_index)) LIMIT 1), -1) END,
       effective_at, recorded_at, lifted_at,
       CASE WHEN phone_index IS NOT NULL THEN
           coalesce((SELECT p.point_id FROM contact_point p WHERE p.bucket = o.bucket
               AND p.customer_id = o.customer_id
               AND p.phone_index = ANY (phone_class(o.phone_index)) LIMIT 1), -1) END
  FROM objection o
 WHERE bucket = $1::smallint AND customer_id = ANY ($2::bigint[])
UNION ALL
SELECT p.customer_id, o.objection_id, o.kind, o.channel, false, p.point_id,
       o.effective_at, o.recorded_at, o.lifted_at, p.point_id
  FROM contact_point p
  JOIN objection o ON o.phone_index = p.phone_index
       AND NOT (o.bucket = p.bucket AND o.customer_id = p.customer_id)
 WHERE p.bucket = $1::smallint AND p.customer_id = ANY ($2::bigint[])
UNION ALL
SELECT p.customer_id, o.objection_id, o.kind, o.channel, false, p.point_id,
       o.effective_at, o.recorded_at, o.lifted_at, p.point_id
  FROM contact_point p
  JOIN phone_alias a ON a.own = p.phone_index
  JOIN objection o ON o.phone_index = a.other
       AND NOT (o.bucket = p.bucket AND o.customer_id = p.customer_id)
 WHERE p.bucket = $1::smallint AND p.customer_id = ANY ($2::bigint[])
UNION ALL
SELECT m.customer_id, o.objection_id, o.kind, o.channel, false, NULL::bigint,
       o.effective_at, o.recorded_at, o.lifted_at, NULL::bigint
  FROM household_member m
  JOIN objection o ON o.household_ref = m.household_ref
       AND NOT (o.bucket = m.bucket AND o.customer_id = m.customer_id)
 WHERE m.bucket = $1::smallint AND m.customer_id = ANY ($2::bigint[])
   AND m.state = 'member'
 ORDER BY 1, 7, 2;
