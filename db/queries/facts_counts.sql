-- facts_counts: contacts that count against caps, by person and by number.
-- Params   $1 bucket, $2 customer ids, $3 oldest instant of interest, $4 a count_id to
--          leave out (the task's own reservation) or null
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
  FROM contact_count c
  LEFT JOIN contact_point p ON p.bucket = c.bucket AND p.customer_id = c.customer_id
                           AND p.phone_index = c.phone_index
 WHERE c.bucket = $1::smallint AND c.customer_id = ANY ($2::bigint[])
   AND c.at > $3::timestamptz AND c.count_id IS DISTINCT FROM $4::uuid
UNION ALL
SELECT p.customer_id, p.point_id, c.kind, c.at, c.channel, c.expires_at, false
  FROM contact_point p
  JOIN contact_count c ON c.phone_index = p.phone_index AND c.at > $3::timestamptz
       AND NOT (c.bucket = p.bucket AND c.customer_id = p.customer_id)
 WHERE p.bucket = $1::smallint AND p.customer_id = ANY ($2::bigint[])
UNION ALL
SELECT p.customer_id, p.point_id, c.kind, c.at, c.channel, c.expires_at, false
  FROM contact_point p
  JOIN phone_alias a ON a.own = p.phone_index
  JOIN contact_count c ON c.phone_index = a.other AND c.at > $3::timestamptz
       AND NOT (c.bucket = p.bucket AND c.customer_id = p.customer_id)
 WHERE p.bucket = $1::smallint AND p.customer_id = ANY ($2::bigint[])
 ORDER BY 1, 4;
