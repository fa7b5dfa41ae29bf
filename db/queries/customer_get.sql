-- customer_get: one customer with the stage, by reference or by id
-- Params   $1 bucket bigint, $2 ref text (NULL: by id), $3 customer_id bigint
-- Returns  the columns that customer_store.c reads, in its order
SELECT c.bucket, c.customer_id, c.ref, c.name_mask, c.name_sealed, c.gender, c.dob, c.lang,
       c.country, c.province, c.city, c.zone, c.zone_verified, c.branch, c.manager, c.tier,
       c.opened_on, c.closed_on, c.risk_rating, c.risk_assessed_on, c.risk_valid,
       c.deceased, c.incapacity, c.fraud_hold, c.legal_hold, c.complaint_open,
       c.profiling_opt_out, c.updated_at, s.stage, s.entered_at,
       c.erased_at
  FROM customer AS c
  LEFT JOIN customer_stage AS s
    ON s.bucket = c.bucket AND s.customer_id = c.customer_id
   AND s.model = coalesce(
           (SELECT value FROM setting WHERE name = 'lifecycle_model'), 'wealth')
 WHERE c.bucket = $1::bigint
   AND (c.ref = $2::text OR ($2::text IS NULL AND c.customer_id = $3::bigint))
