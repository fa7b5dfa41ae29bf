-- override_list: overrides, newest first, one page.
-- Params   $1 override_id, $2 state (expired: approved, and over), $3 customer ref, $4 code,
--          $5 before time, $6 before id, $7 now, $8 limit; null leaves a filter out
-- Returns  override_id, bucket, customer_id, ref, campaign code, phone mask, point_id,
--          decision_id, kind, code, rule, layer, outcome, reason, requested_by,
--          requested_at, approved_by, approved_at, closed_by, closed_at, expires_at, state,
--          how many decisions rest on it
-- Index    gate_override_time_idx
SELECT o.override_id, o.bucket, o.customer_id, c.ref, k.code, p.phone_mask, o.point_id,
       o.decision_id, o.kind, o.code, o.rule, o.layer, o.outcome, o.reason, o.requested_by,
       o.requested_at, o.approved_by, o.approved_at, o.closed_by, o.closed_at, o.expires_at,
       s.state, (SELECT count(*) FROM gate_override_use u
                  WHERE u.bucket = o.bucket AND u.override_id = o.override_id)
  FROM gate_override o
  JOIN customer c ON c.bucket = o.bucket AND c.customer_id = o.customer_id
  LEFT JOIN campaign k ON k.campaign_id = o.campaign_id
  LEFT JOIN contact_point p ON p.bucket = o.bucket AND p.point_id = o.point_id
 CROSS JOIN LATERAL (SELECT CASE WHEN o.state IN ('requested', 'approved')
                                  AND o.expires_at <= $7::timestamptz THEN 'expired'
                                 ELSE o.state END AS state) s
 WHERE ($1::uuid IS NULL OR o.override_id = $1::uuid)
   AND ($2::text IS NULL OR s.state = $2::text)
   AND ($3::text IS NULL OR c.ref = $3::text)
   AND ($4::text IS NULL OR o.code = $4::text)
   AND ($5::timestamptz IS NULL
        OR (o.requested_at, o.override_id) < ($5::timestamptz, $6::uuid))
 ORDER BY o.requested_at DESC, o.override_id DESC
 LIMIT $8::integer;
