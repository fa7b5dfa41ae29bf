-- bundle_overrides: approvals and overrides by persons, of the parties or in the time.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to, $5 buckets, $6 customers and $7
--          points (0: all) of the parties, empty: everybody, $8 campaign code or null
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
-- Index    gate_override's key
WITH party AS (
    SELECT * FROM unnest($5::bigint[], $6::bigint[], $7::bigint[]) p (bucket, customer_id, point_id)
), pick AS (
    SELECT o.* FROM (SELECT DISTINCT bucket, customer_id FROM party) p
      JOIN gate_override o ON o.bucket = p.bucket AND o.customer_id = p.customer_id
     UNION ALL
    SELECT o.* FROM gate_override o
     WHERE cardinality($5::bigint[]) = 0
       AND ($8::text IS NULL OR o.campaign_id = (SELECT campaign_id FROM campaign WHERE code = $8::text))
)
SELECT o.bucket || '|' || o.override_id, NULL::text, o.override_id, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT o.override_id, c.ref, k.code AS campaign, o.decision_id,
           o.kind, o.code, o.rule, o.layer, o.outcome, o.state, o.reason, o.requested_by,
           o.requested_at, o.approved_by, o.approved_at, o.closed_by, o.closed_at, o.expires_at,
           (SELECT count(*) FROM gate_override_use u
             WHERE u.bucket = o.bucket AND u.override_id = o.override_id) AS uses) r))
  FROM pick o
  JOIN customer c ON c.bucket = o.bucket AND c.customer_id = o.customer_id
  LEFT JOIN campaign k ON k.campaign_id = o.campaign_id
 WHERE o.requested_at < $4::timestamptz AND o.expires_at > $3::timestamptz
   AND (o.bucket, o.override_id) > (split_part($1::text, '|', 1)::integer, split_part($1::text, '|', 2)::uuid)
 ORDER BY o.bucket, o.override_id LIMIT $2::bigint;
