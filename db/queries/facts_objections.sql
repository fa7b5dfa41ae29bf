-- facts_objections: objections by customers of one bucket, and by others on their numbers.
-- Params   $1 bucket, $2 customer ids
-- Returns  customer_id, objection_id, kind, channel, own, point_id of the customer's point
--          whose number another one objected to (null: own), effective_at, recorded_at,
--          lifted_at; by customer_id. A number is known by either hash while the index key
--          is exchanged.
SELECT customer_id, objection_id, kind, channel, true AS own, NULL::bigint, effective_at,
       recorded_at, lifted_at
  FROM objection
 WHERE bucket = $1::smallint AND customer_id = ANY ($2::bigint[])
UNION ALL
SELECT p.customer_id, o.objection_id, o.kind, o.channel, false, p.point_id,
       o.effective_at, o.recorded_at, o.lifted_at
  FROM contact_point p
  JOIN objection o ON o.phone_index = p.phone_index
       AND NOT (o.bucket = p.bucket AND o.customer_id = p.customer_id)
 WHERE p.bucket = $1::smallint AND p.customer_id = ANY ($2::bigint[])
UNION ALL
SELECT p.customer_id, o.objection_id, o.kind, o.channel, false, p.point_id,
       o.effective_at, o.recorded_at, o.lifted_at
  FROM contact_point p
  JOIN phone_alias a ON a.own = p.phone_index
  JOIN objection o ON o.phone_index = a.other
       AND NOT (o.bucket = p.bucket AND o.customer_id = p.customer_id)
 WHERE p.bucket = $1::smallint AND p.customer_id = ANY ($2::bigint[])
 ORDER BY 1, 7, 2;
