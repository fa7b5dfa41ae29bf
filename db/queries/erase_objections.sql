-- erase_objections: a customer's objections in force, with the number if it is about one.
-- Params   $1 bucket, $2 customer_id, $3 now
-- Returns  kind, channel, day since, about a number, phone_sealed or null
SELECT o.kind, o.channel, o.effective_at::date, o.phone_index IS NOT NULL,
       coalesce(o.phone_sealed, (SELECT p.phone_sealed FROM contact_point p
           WHERE p.bucket = o.bucket AND p.customer_id = o.customer_id
             AND p.phone_index = ANY (phone_class(o.phone_index)) LIMIT 1))
  FROM objection o
 WHERE o.bucket = $1::smallint AND o.customer_id = $2::bigint
   AND coalesce(o.lifted_at > $3::timestamptz, true);
