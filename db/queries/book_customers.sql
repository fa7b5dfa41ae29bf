-- book_customers: customers with their stage, in the book's order
-- Returns  bucket, customer_id, then the columns of enum book_customer_col
COPY (
    SELECT c.bucket, c.customer_id, c.ref, c.gender, c.dob, c.lang, c.country, c.province,
           c.city, c.zone, c.zone_verified, c.branch, c.manager, c.tier, c.opened_on,
           c.closed_on, c.risk_rating, c.risk_assessed_on, c.risk_valid, c.deceased,
           c.incapacity, c.fraud_hold, c.legal_hold, c.complaint_open,
           c.profiling_opt_out, c.phone_shared_by, c.household_size, s.stage,
           s.entered_at
      FROM customer AS c
      LEFT JOIN customer_stage AS s
        ON s.bucket = c.bucket AND s.customer_id = c.customer_id
       AND s.model = coalesce(
               (SELECT value FROM setting WHERE name = 'lifecycle_model'), 'wealth')
       AND s.bucket BETWEEN current_setting('steward.first_bucket')::smallint
                        AND current_setting('steward.last_bucket')::smallint
     WHERE c.bucket BETWEEN current_setting('steward.first_bucket')::smallint
                        AND current_setting('steward.last_bucket')::smallint
       AND c.erased_at IS NULL
     ORDER BY c.bucket, c.customer_id
) TO STDOUT (FORMAT binary)
