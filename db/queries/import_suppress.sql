-- import_suppress: a number on the list of those not to be called comes in with somebody
-- who did not have it: an objection of that customer. A lifted one stays lifted.
-- Params   $1 buckets, $2 customer ids, $3 hashes of the list text[], $4 blind indexes
--          text[], hexadecimal, $5 now
INSERT INTO objection (bucket, objection_id, customer_id, kind, channel, source, actor,
    effective_at, recorded_at)
SELECT DISTINCT ON (r.bucket, r.customer_id, s.kind, s.channel) r.bucket::smallint,
       (left(gen_random_uuid()::text, 34) || lpad(to_hex(r.bucket::integer), 2, '0'))::uuid,
       r.customer_id, s.kind, s.channel, 'suppression', 'suppression list',
       $5::timestamptz, $5::timestamptz
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[])
       AS r (bucket, customer_id, hash, index)
  JOIN suppression s ON s.number_hash = decode(r.hash, 'hex')
 WHERE NOT EXISTS (SELECT 1 FROM contact_point p WHERE p.bucket = r.bucket::smallint
                      AND p.customer_id = r.customer_id
                      AND p.phone_index = ANY (phone_class(decode(r.index, 'hex'))))
   AND NOT EXISTS (SELECT 1 FROM objection o WHERE o.bucket = r.bucket::smallint
                      AND o.customer_id = r.customer_id AND o.source = 'suppression'
                      AND o.kind = s.kind AND o.channel = s.channel);
