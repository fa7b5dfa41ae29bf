-- facts_objections: objections by customers, by others on their numbers, and
-- by others for their whole household.
-- Params   $1 buckets, $2 customer ids (arrays of one length)
-- Returns  customer_id, objection_id, kind, channel, own, point_id of the customer's point
--          that the objection is about (null: every number; -1: one that is gone: a
--          carrier's list is about a number, other objections about the person too),
--          effective_at,
--          recorded_at, lifted_at, the point it named (as above); by customer_id. A number is known by either hash while
--          the index key is exchanged.
SELECT o.customer_id, objection_id, kind, channel, true AS own,
       CASE WHEN kind = 'carrier_reject' AND phone_index IS NOT NULL THEN
           coalesce((SELECT p.point_id FROM contact_point p WHERE p.bucket = o.bucket
               AND p.customer_id = o.customer_id
               AND p.phone_index = ANY (phone_class(o.phone_index)) LIMIT 1), -1) END,
       effective_at, recorded_at, lifted_at,
       CASE WHEN phone_index IS NOT NULL THEN
           coalesce((SELECT p.point_id FROM contact_point p WHERE p.bucket = o.bucket
               AND p.customer_id = o.customer_id
               AND p.phone_index = ANY (phone_class(o.phone_index)) LIMIT 1), -1) END
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN objection o ON o.bucket = w.bucket::smallint AND o.customer_id = w.customer_id
UNION ALL
SELECT p.customer_id, o.objection_id, o.kind, o.channel, false, p.point_id,
       o.effective_at, o.recorded_at, o.lifted_at, p.point_id
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN contact_point p ON p.bucket = w.bucket::smallint AND p.customer_id = w.customer_id
  JOIN objection o ON o.phone_index = p.phone_index
       AND NOT (o.bucket = p.bucket AND o.customer_id = p.customer_id)
UNION ALL
SELECT p.customer_id, o.objection_id, o.kind, o.channel, false, p.point_id,
       o.effective_at, o.recorded_at, o.lifted_at, p.point_id
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN contact_point p ON p.bucket = w.bucket::smallint AND p.customer_id = w.customer_id
  JOIN phone_alias a ON a.own = p.phone_index
  JOIN objection o ON o.phone_index = a.other
       AND NOT (o.bucket = p.bucket AND o.customer_id = p.customer_id)
UNION ALL
SELECT m.customer_id, o.objection_id, o.kind, o.channel, false, NULL::bigint,
       o.effective_at, o.recorded_at, o.lifted_at, NULL::bigint
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN household_member m ON m.bucket = w.bucket::smallint AND m.customer_id = w.customer_id
  JOIN objection o ON o.household_ref = m.household_ref
       AND NOT (o.bucket = m.bucket AND o.customer_id = m.customer_id)
 WHERE m.state = 'member'
 ORDER BY 1, 7, 2;
