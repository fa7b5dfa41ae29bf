-- bundle_incidents: incidents of the parties, the campaign or the time.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to, $5 buckets, $6 customers and $7
--          points (0: all) of the parties, empty: everybody, $8 campaign code or null
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
-- Index    incident_time_idx
WITH party AS (
    SELECT * FROM unnest($5::bigint[], $6::bigint[], $7::bigint[]) p (bucket, customer_id, point_id)
)
SELECT x.detected_at || '|' || x.incident_id, NULL::text, x.incident_id, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT x.incident_id, x.code, x.detected_at, c.ref, x.task_id,
           x.decision_id, k.code AS campaign, n.number, x.state, x.closed_by, x.closed_at,
           x.note) r))
  FROM incident x
  LEFT JOIN customer c ON c.bucket = x.bucket AND c.customer_id = x.customer_id
  LEFT JOIN campaign k ON k.campaign_id = x.campaign_id
  LEFT JOIN caller_number n ON n.number_id = x.number_id
 WHERE x.detected_at >= $3::timestamptz AND x.detected_at < $4::timestamptz
   AND CASE WHEN cardinality($5::bigint[]) = 0 THEN ($8::text IS NULL OR x.campaign_id = (SELECT campaign_id FROM campaign WHERE code = $8::text))
            ELSE (x.bucket, x.customer_id) IN (SELECT p.bucket, p.customer_id FROM party p) END
   AND (x.detected_at, x.incident_id) > (split_part($1::text, '|', 1)::timestamptz, split_part($1::text, '|', 2)::uuid)
 ORDER BY x.detected_at, x.incident_id LIMIT $2::bigint;
