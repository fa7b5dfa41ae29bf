-- erase_pass_objections: an objection on a shared number goes on for those who share it.
-- Params   $1 bucket, $2 customer_id, $3 now, $4 actor
INSERT INTO objection (bucket, objection_id, customer_id, kind, channel, phone_index,
    phone_sealed, source, actor, effective_at, recorded_at)
SELECT DISTINCT ON (p.bucket, p.customer_id, p.point_id, o.kind, o.channel) p.bucket,
       (left(gen_random_uuid()::text, 34) || lpad(to_hex(p.bucket::integer), 2, '0'))::uuid,
       p.customer_id, o.kind, o.channel, p.phone_index, p.phone_sealed, 'shared number',
       $4::text, o.effective_at, $3::timestamptz
  FROM objection o
  JOIN contact_point p ON p.phone_index = ANY (phone_class(o.phone_index))
   AND NOT (p.bucket = o.bucket AND p.customer_id = o.customer_id)
 WHERE o.bucket = $1::smallint AND o.customer_id = $2::bigint
   AND o.phone_index IS NOT NULL AND coalesce(o.lifted_at > $3::timestamptz, true)
 ORDER BY p.bucket, p.customer_id, p.point_id, o.kind, o.channel, o.effective_at;
