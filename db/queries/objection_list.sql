-- objection_list: all objections that bind or bound a customer, newest first.
-- Params   $1 bucket, $2 customer_id
-- Returns  objection_id, kind, channel, scope, source, actor, cause, mask of the number,
--          household_ref, lifted_by, lift_evidence, own, effective_at, recorded_at,
--          lifted_at
WITH mine AS (
    SELECT point_id, phone_index, phone_mask FROM contact_point
     WHERE bucket = $1::smallint AND customer_id = $2::bigint
), hit AS (
    SELECT o.bucket, o.objection_id, true AS own FROM objection o
     WHERE o.bucket = $1::smallint AND o.customer_id = $2::bigint
    UNION
    SELECT o.bucket, o.objection_id, false
      FROM mine m JOIN objection o ON o.phone_index = ANY (phone_class(m.phone_index))
     WHERE NOT (o.bucket = $1::smallint AND o.customer_id = $2::bigint)
    UNION
    SELECT o.bucket, o.objection_id, false
      FROM household_member h JOIN objection o ON o.household_ref = h.household_ref
     WHERE h.bucket = $1::smallint AND h.customer_id = $2::bigint AND h.state = 'member'
       AND NOT (o.bucket = $1::smallint AND o.customer_id = $2::bigint)
)
SELECT o.objection_id, o.kind, o.channel, o.scope, o.source,
       CASE WHEN hit.own THEN o.actor END, o.cause,
       (SELECT m.phone_mask FROM mine m
         WHERE o.phone_index = ANY (phone_class(m.phone_index)) LIMIT 1),
       o.household_ref, o.lifted_by, o.lift_evidence, hit.own, o.effective_at,
       o.recorded_at, o.lifted_at
  FROM hit JOIN objection o ON o.bucket = hit.bucket AND o.objection_id = hit.objection_id
 ORDER BY o.recorded_at DESC, o.objection_id LIMIT 1000;
