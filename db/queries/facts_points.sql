-- facts_points: contact points of customers, the best first: a number in
-- doubt only where there is no other.
-- Params   $1 buckets, $2 customer ids (arrays of one length)
-- Returns  customer_id, point_id, phone_index, phone_mask, zones, verified, sharers, all of
--          them of the customer's household, region, kind, last change to unverified; by
--          customer_id. A number is known by either hash while the index key is exchanged.
SELECT p.customer_id, p.point_id, p.phone_index, p.phone_mask, p.zones, p.verified,
       (SELECT count(*) FROM contact_point s WHERE s.phone_index = p.phone_index)
       + (SELECT count(*) FROM phone_alias a JOIN contact_point s ON s.phone_index = a.other
           WHERE a.own = p.phone_index),
       NOT EXISTS (
           SELECT FROM (SELECT s.bucket, s.customer_id
                          FROM contact_point s WHERE s.phone_index = p.phone_index
                         UNION ALL
                        SELECT s.bucket, s.customer_id
                          FROM phone_alias a
                          JOIN contact_point s ON s.phone_index = a.other
                         WHERE a.own = p.phone_index) AS sharer
            WHERE (sharer.bucket, sharer.customer_id) <> (p.bucket, p.customer_id)
              AND NOT EXISTS (
                  SELECT FROM household_member own
                    JOIN household_member other
                      ON other.household_ref = own.household_ref
                     AND other.state = 'member'
                   WHERE own.bucket = p.bucket AND own.customer_id = p.customer_id
                     AND own.state = 'member'
                     AND other.bucket = sharer.bucket
                     AND other.customer_id = sharer.customer_id)),
       p.region, nullif(p.kind, 'other'),
       (SELECT max(v.at) FROM contact_point_event v WHERE v.bucket = p.bucket
           AND v.point_id = p.point_id AND v.to_state = 'unverified'
           AND v.primary_now IS NULL)
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN contact_point p ON p.bucket = w.bucket::smallint AND p.customer_id = w.customer_id
 WHERE length(p.phone_sealed) > 0
 ORDER BY p.customer_id, p.doubt IS NOT NULL, p.is_primary DESC, p.verified DESC, p.point_id;
