-- facts_party: what the gate asks about customers.
-- Params   $1 buckets, $2 customer ids (arrays of one length)
-- Returns  customer_id, ref, country, province, dob, deceased, incapacity, fraud_hold,
--          legal_hold, complaint_open, profiling_opt_out, risk_rating, risk_assessed_on,
--          risk_valid, zone, zone_verified, bucket; by customer_id
SELECT c.customer_id, ref, country, province, dob, deceased, incapacity, fraud_hold,
       legal_hold, complaint_open, profiling_opt_out OR coalesce((SELECT e.action = 'withdraw'
           FROM consent_event e
          WHERE e.bucket = c.bucket AND e.customer_id = c.customer_id
            AND e.subject = 'profiling'
          ORDER BY e.effective_at DESC, e.action = 'withdraw' DESC LIMIT 1), false),
       risk_rating, risk_assessed_on, risk_valid, zone, zone_verified, c.bucket
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN customer c ON c.bucket = w.bucket::smallint AND c.customer_id = w.customer_id
 ORDER BY c.customer_id;
