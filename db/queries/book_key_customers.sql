-- book_key_customers: the customers of book_keys with their stage, as book_customers
-- gives all of them; those that are not there are left out
-- Returns  bucket, customer_id, then the columns of enum book_customer_col
COPY (
    WITH key AS MATERIALIZED (
        SELECT *
          FROM unnest(nullif(current_setting('steward.key_buckets', true), '')::smallint[],
                      nullif(current_setting('steward.key_customers', true), '')::bigint[])
               AS u (bucket, customer_id)
    )
    SELECT c.bucket, c.customer_id, c.ref, c.gender, c.dob, c.lang, c.country, c.province,
           c.city, c.zone, c.zone_verified, c.branch, c.manager, c.tier, c.opened_on,
           c.closed_on, c.risk_rating, c.risk_assessed_on, c.risk_valid, c.deceased,
           c.incapacity, c.fraud_hold, c.legal_hold, c.complaint_open,
           c.profiling_opt_out, c.phone_shared_by, c.household_size, s.stage,
           s.entered_at
      FROM key AS k
      JOIN customer AS c ON c.bucket = k.bucket AND c.customer_id = k.customer_id
       AND c.erased_at IS NULL
      LEFT JOIN customer_stage AS s
        ON s.bucket = k.bucket AND s.customer_id = k.customer_id
       AND s.model = coalesce(
               (SELECT value FROM setting WHERE name = 'lifecycle_model'), 'wealth')
     ORDER BY c.bucket, c.customer_id
) TO STDOUT (FORMAT binary)
