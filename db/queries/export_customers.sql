-- export_customers: a page of customers that are not erased, masked, in order of bucket and customer_id.
-- Params   $1 after key text, $2 limit bigint, $3 segment code or null, $4 stage or null
-- Returns  key, then the columns of campaigns/export_store.c
SELECT c.bucket || '|' || c.customer_id, c.ref, c.name_mask, c.gender, c.lang, c.country,
       c.province, c.city, c.branch, c.manager, c.tier, c.opened_on, c.closed_on,
       c.risk_rating, c.risk_assessed_on, c.complaint_open, c.profiling_opt_out, s.stage,
       s.entered_at, p.phone_mask, contact_state(p.verified, p.doubt), c.phone_shared_by,
       c.household_size, c.updated_at
  FROM customer c
  LEFT JOIN customer_stage s ON s.bucket = c.bucket AND s.customer_id = c.customer_id
   AND s.model = coalesce(
           (SELECT value FROM setting WHERE name = 'lifecycle_model'), 'wealth')
  LEFT JOIN LATERAL (
       SELECT o.phone_mask, o.verified, o.doubt FROM contact_point o
        WHERE o.bucket = c.bucket AND o.customer_id = c.customer_id
        ORDER BY o.doubt IS NOT NULL, o.is_primary DESC, o.point_id LIMIT 1) p ON true
 WHERE (c.bucket, c.customer_id)
     > (split_part($1::text, '|', 1)::smallint, split_part($1::text, '|', 2)::bigint)
   AND c.erased_at IS NULL
   AND ($3::text IS NULL OR EXISTS (
           SELECT 1 FROM segment_member m JOIN segment g USING (segment_id)
            WHERE m.bucket = c.bucket AND m.customer_id = c.customer_id
              AND m.left_at IS NULL AND g.code = $3::text))
   AND ($4::text IS NULL OR s.stage = $4::text)
 ORDER BY c.bucket, c.customer_id LIMIT $2::bigint;
