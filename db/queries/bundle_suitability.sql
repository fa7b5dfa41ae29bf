-- bundle_suitability: what was known of customer and product when a dial was decided, by time.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to, $5 buckets, $6 customers and $7
--          points (0: all) of the parties, empty: everybody, $8 campaign code or null
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
-- Index    decision_customer_idx, decision_dial_idx
WITH party AS (
    SELECT * FROM unnest($5::bigint[], $6::bigint[], $7::bigint[]) p (bucket, customer_id, point_id)
), pick AS (
    SELECT d.* FROM party p
      JOIN decision d ON d.bucket = p.bucket AND d.customer_id = p.customer_id
       AND (p.point_id = 0 OR d.point_id = p.point_id)
     WHERE d.decided_at >= $3::timestamptz AND d.decided_at < $4::timestamptz AND d.gate = 'C'
     UNION ALL
    SELECT d.* FROM decision d
     WHERE cardinality($5::bigint[]) = 0
       AND ($8::text IS NULL OR d.campaign_id = (SELECT campaign_id FROM campaign WHERE code = $8::text))
       AND d.decided_at >= $3::timestamptz AND d.decided_at < $4::timestamptz AND d.gate = 'C'
), page AS (
    SELECT * FROM pick d
     WHERE (d.decided_at, d.decision_id)
         > (split_part($1::text, '|', 1)::timestamptz, split_part($1::text, '|', 2)::uuid)
     ORDER BY d.decided_at, d.decision_id LIMIT $2::bigint
)
SELECT d.decided_at || '|' || d.decision_id,
       CASE WHEN f.doc -> 'party' ->> 'risk_rating' IS NULL THEN 'GAP_SUITABILITY' END,
       d.decision_id, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT d.decision_id, d.decided_at, c.ref,
           f.doc -> 'party' ->> 'risk_rating' AS risk_rating,
           f.doc -> 'party' ->> 'risk_assessed_on' AS risk_assessed_on,
           f.doc -> 'party' ->> 'risk_valid' AS risk_valid,
           f.doc -> 'party' ->> 'risk_questionnaire' AS risk_questionnaire,
           f.doc -> 'party' ->> 'qualified_investor' AS qualified_investor,
           f.doc -> 'product' AS product) r))
  FROM page d
 CROSS JOIN LATERAL (SELECT convert_from(d.record, 'UTF8')::json -> 'facts' AS doc) f
  JOIN customer c ON c.bucket = d.bucket AND c.customer_id = d.customer_id
 ORDER BY d.decided_at, d.decision_id;
