-- facts_counts: contacts that count against caps, by person and by number.
-- Params   $1 buckets, $2 customer ids (arrays of one length), $3 oldest instant of interest,
--          $4 count_ids to leave out (the tasks' own reservations)
-- Returns  customer_id, point_id of the customer's point with that number (null: has none
--          now), kind, at, channel, expires_at, this person; by customer_id. A number is
--          known by either hash while the index key is exchanged.
SELECT c.customer_id,
       coalesce(p.point_id,
           (SELECT m.point_id FROM phone_alias a
              JOIN contact_point m ON m.bucket = c.bucket
               AND m.customer_id = c.customer_id AND m.phone_index = a.own
             WHERE a.other = c.phone_index)),
       c.kind, c.at, c.channel, c.expires_at, true AS own
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN contact_count c ON c.bucket = w.bucket::smallint AND c.customer_id = w.customer_id
  LEFT JOIN contact_point p ON p.bucket = c.bucket AND p.customer_id = c.customer_id
                           AND p.phone_index = c.phone_index
 WHERE c.at > $3::timestamptz AND c.count_id <> ALL ($4::text[]::uuid[])
UNION ALL
SELECT p.customer_id, p.point_id, c.kind, c.at, c.channel, c.expires_at, false
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN contact_point p ON p.bucket = w.bucket::smallint AND p.customer_id = w.customer_id
  JOIN contact_count c ON c.phone_index = p.phone_index AND c.at > $3::timestamptz
       AND NOT (c.bucket = p.bucket AND c.customer_id = p.customer_id)
UNION ALL
SELECT p.customer_id, p.point_id, c.kind, c.at, c.channel, c.expires_at, false
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN contact_point p ON p.bucket = w.bucket::smallint AND p.customer_id = w.customer_id
  JOIN phone_alias a ON a.own = p.phone_index
  JOIN contact_count c ON c.phone_index = a.other AND c.at > $3::timestamptz
       AND NOT (c.bucket = p.bucket AND c.customer_id = p.customer_id)
 ORDER BY 1, 4;
