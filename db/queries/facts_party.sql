-- facts_party: what the gate asks about customers of one bucket.
-- Params   $1 bucket, $2 customer ids
-- Returns  customer_id, ref, country, province, dob, deceased, incapacity, fraud_hold,
--          legal_hold, complaint_open, profiling_opt_out, risk_rating, risk_assessed_on,
--          risk_valid, zone, zone_verified; by customer_id
SELECT customer_id, ref, country, province, dob, deceased, incapacity, fraud_hold,
       legal_hold, complaint_open, profiling_opt_out OR coalesce((SELECT e.action = 'withdraw'
           FROM consent_event e
          WHERE e.bucket = c.bucket AND e.customer_id = c.customer_id
            AND e.subject = 'profiling'
          ORDER BY e.effective_at DESC, e.action = 'withdraw' DESC LIMIT 1), false),
       risk_rating, risk_assessed_on, risk_valid, zone, zone_verified
  FROM customer c
 WHERE bucket = $1::smallint AND customer_id = ANY ($2::bigint[])
 ORDER BY customer_id;
