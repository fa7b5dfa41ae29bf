-- customer_list: a page of customers that are not erased, in order of bucket and customer_id
-- Params   $1 after bucket bigint, $2 after customer_id bigint, $3 stage text (NULL: any),
--          $4 segment code text (NULL: any), $5 limit bigint
-- Returns  bucket, customer_id, ref, name_mask, province, tier, stage, risk_rating
SELECT c.bucket, c.customer_id, c.ref, c.name_mask, c.province, c.tier, s.stage,
       c.risk_rating
  FROM customer AS c
  LEFT JOIN customer_stage AS s
    ON s.bucket = c.bucket AND s.customer_id = c.customer_id
   AND s.model = coalesce(
           (SELECT value FROM setting WHERE name = 'lifecycle_model'), 'wealth')
 WHERE (c.bucket, c.customer_id) > ($1::smallint, $2::bigint)
   AND c.erased_at IS NULL
   AND ($3::text IS NULL OR s.stage = $3::text)
   AND ($4::text IS NULL OR EXISTS (
           SELECT 1 FROM segment_member AS m
            WHERE m.bucket = c.bucket AND m.customer_id = c.customer_id
              AND m.left_at IS NULL
              AND m.segment_id = (SELECT segment_id FROM segment WHERE code = $4::text)))
 ORDER BY c.bucket, c.customer_id
 LIMIT $5::bigint
