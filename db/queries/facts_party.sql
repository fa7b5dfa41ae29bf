-- facts_party: what the gate asks about customers.
-- Params   $1 buckets, $2 customer ids (arrays of one length), $3 now
-- Returns  customer_id, ref, country, province, dob, deceased, incapacity, fraud_hold,
--          legal_hold, complaint_open, profiling_opt_out, risk_rating, risk_assessed_on,
--          risk_valid, zone, zone_verified, bucket, kind, state, means, proven to be a
--          qualified investor, ratings of further holders (0: none), hours asked for ("from
--          until weekdays"); by customer_id
SELECT c.customer_id, ref, country, province, dob, deceased, incapacity, fraud_hold,
       legal_hold, complaint_open, profiling_opt_out OR coalesce((SELECT e.action = 'withdraw'
           FROM consent_event e
          WHERE e.bucket = c.bucket AND e.customer_id = c.customer_id
            AND e.subject = 'profiling'
          ORDER BY e.effective_at DESC, e.action = 'withdraw' DESC LIMIT 1), false),
       risk_rating, risk_assessed_on, risk_valid, zone, zone_verified, c.bucket, kind, state,
       means, coalesce(qualified_until > ($3::timestamptz AT TIME ZONE coalesce(
           (SELECT value FROM setting WHERE name = 'zone'), 'Asia/Shanghai'))::date, false),
       ARRAY(SELECT coalesce(j.rating, 0)::text FROM joint_holder j
              WHERE j.bucket = c.bucket AND j.customer_id = c.customer_id
              ORDER BY j.holder_ref),
       ARRAY(SELECT concat_ws(' ', h.from_min, h.until_min, h.weekdays) FROM contact_time h
              WHERE h.bucket = c.bucket AND h.customer_id = c.customer_id
              ORDER BY h.weekdays, h.from_min, h.until_min)
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN customer c ON c.bucket = w.bucket::smallint AND c.customer_id = w.customer_id
 ORDER BY c.customer_id;
