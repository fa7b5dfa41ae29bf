-- facts_relations: the business relationship with customers of one bucket.
-- Params   $1 bucket, $2 customer ids
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
  FROM customer c
 CROSS JOIN (SELECT coalesce((SELECT value FROM setting WHERE name = 'zone'),
                 'Asia/Shanghai') AS zone) z
 WHERE c.bucket = $1::smallint AND c.customer_id = ANY ($2::bigint[])
 ORDER BY c.customer_id;
