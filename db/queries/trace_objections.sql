-- trace_objections: what a customer objected to, and what anybody objected to about the
-- number.
-- Params   $1 bucket, $2 customer_id, $3 the number's hash (null: none), $4 the one before
-- Returns  objection_id, kind, channel, the customer's own, source, actor, effective_at,
--          recorded_at, lifted_at
-- Index    objection_customer_idx, objection_phone_idx
SELECT objection_id, kind, channel, own, source, actor, effective_at, recorded_at, lifted_at
  FROM (SELECT o.*, true AS own FROM objection o
         WHERE o.bucket = $1::smallint AND o.customer_id = $2::bigint
         UNION ALL
        SELECT o.*, false FROM objection o
         WHERE (o.phone_index = $3::bytea OR o.phone_index = $4::bytea)
           AND NOT (o.bucket = $1::smallint AND o.customer_id = $2::bigint)) x
 ORDER BY recorded_at, objection_id;
