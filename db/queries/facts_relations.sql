-- facts_relations: the business relationship with customers.
-- Params   $1 buckets, $2 customer ids (arrays of one length)
-- Returns  customer_id, day of the last transaction, of the last inquiry, when the
--          relationship ended (null: it has not), classes of products held; by customer_id
SELECT c.customer_id,
       (SELECT (max(t.at) AT TIME ZONE z.zone)::date FROM txn t
         WHERE t.bucket = c.bucket AND t.customer_id = c.customer_id),
       (SELECT (max(i.at) AT TIME ZONE z.zone)::date FROM interaction i
         WHERE i.bucket = c.bucket AND i.customer_id = c.customer_id
           AND i.kind IN ('inquiry', 'inbound_call')),
       c.closed_on::timestamp AT TIME ZONE z.zone,
       ARRAY(SELECT DISTINCT p.class FROM holding h JOIN product p ON p.code = h.product
              WHERE h.bucket = c.bucket AND h.customer_id = c.customer_id
                AND h.status = 'open' ORDER BY 1)
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN customer c ON c.bucket = w.bucket::smallint AND c.customer_id = w.customer_id
 CROSS JOIN (SELECT coalesce((SELECT value FROM setting WHERE name = 'zone'),
                 'Asia/Shanghai') AS zone) z
 ORDER BY c.customer_id;
