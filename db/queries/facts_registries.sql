-- facts_registries: what registries say about the numbers of customers: the
-- file in force, and the newest answer to a question about the number.
-- Params   $1 buckets, $2 customer ids (arrays of one length)
-- Returns  customer_id, point_id, registry, its kind, listed, listed on, obtained_at (null:
--          never), version or the registry's reference, service up, channels that a listing
--          is about (empty: all), answer, consent date asked about; by customer_id
-- A file or answer whose hashes were made with a key that is gone says nothing.
WITH mine AS MATERIALIZED (
    SELECT p.customer_id, p.point_id, p.phone_index, p.region, c.country
      FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
      JOIN contact_point p ON p.bucket = w.bucket::smallint AND p.customer_id = w.customer_id
      JOIN customer c ON c.bucket = p.bucket AND c.customer_id = p.customer_id
     WHERE EXISTS (SELECT 1 FROM registry)
), asked AS (
    SELECT m.customer_id, m.point_id, m.phone_index, g.*
      FROM mine m
      JOIN registry g ON g.country = m.region OR g.country = m.country OR m.region IS NULL
)
SELECT a.customer_id, a.point_id, a.code, a.kind, e.phone_index IS NOT NULL, e.listed_on,
       v.obtained_at, v.version::text, a.up, a.channels, NULL::text, NULL::date
  FROM asked a
  LEFT JOIN registry_version v ON v.registry = a.code AND v.version = a.active_version
   AND EXISTS (SELECT 1 FROM index_key k WHERE v.index_version IN (k.version, k.previous))
  LEFT JOIN LATERAL (SELECT x.phone_index, x.listed_on FROM registry_entry x
                      WHERE x.registry = v.registry AND x.version = v.version
                        AND x.phone_index = ANY (phone_class(a.phone_index)) LIMIT 1) e
         ON true
 WHERE a.kind = 'do_not_call'
UNION ALL
SELECT a.customer_id, a.point_id, a.code, a.kind, r.answer = 'listed', r.listed_on,
       r.obtained_at, r.reference, a.up, a.channels, r.answer, r.consent_date
  FROM asked a
 CROSS JOIN LATERAL (SELECT * FROM registry_result x
                      WHERE x.registry = a.code
                        AND x.phone_index = ANY (phone_class(a.phone_index))
                        AND EXISTS (SELECT 1 FROM index_key k
                                     WHERE x.index_version IN (k.version, k.previous))
                      ORDER BY x.obtained_at DESC, x.result_id DESC LIMIT 1) r
 ORDER BY 1, 2, 3;
