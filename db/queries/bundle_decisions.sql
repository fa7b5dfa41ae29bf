-- bundle_decisions: decisions in scope, by time, with the rules looked at and without the facts.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to, $5 buckets, $6 customers and $7
--          points (0: all) of the parties, empty: everybody, $8 campaign code or null
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
-- Index    decision_customer_idx, decision_time_idx, ledger_leaf_id_idx
WITH party AS (
    SELECT * FROM unnest($5::bigint[], $6::bigint[], $7::bigint[]) p (bucket, customer_id, point_id)
), pick AS (
    SELECT d.* FROM party p
      JOIN decision d ON d.bucket = p.bucket AND d.customer_id = p.customer_id
       AND (p.point_id = 0 OR d.point_id = p.point_id)
     WHERE d.decided_at >= $3::timestamptz AND d.decided_at < $4::timestamptz
     UNION ALL
    SELECT d.* FROM decision d
     WHERE cardinality($5::bigint[]) = 0
       AND ($8::text IS NULL OR d.campaign_id = (SELECT campaign_id FROM campaign WHERE code = $8::text))
       AND d.decided_at >= $3::timestamptz AND d.decided_at < $4::timestamptz
), page AS (
    SELECT * FROM pick d
     WHERE (d.decided_at, d.decision_id)
         > (split_part($1::text, '|', 1)::timestamptz, split_part($1::text, '|', 2)::uuid)
     ORDER BY d.decided_at, d.decision_id LIMIT $2::bigint
)
SELECT d.decided_at || '|' || d.decision_id, NULL::text, d.decision_id,
       (SELECT l.idx FROM ledger_leaf l
         WHERE left(split_part(split_part(encode(l.entry, 'escape'), '"id":"', 2), '"', 1), 80)
             = d.decision_id::text AND l.kind = 'decision'
         ORDER BY l.idx LIMIT 1),
       row_to_json((SELECT r FROM (SELECT d.decision_id, d.gate, d.decided_at, c.ref,
           p.phone_mask, k.code AS campaign, d.version, d.task_id, n.number, d.channel,
           d.purpose, d.agent, d.outcome, d.primary_code, d.codes, d.next_allowed_at,
           d.valid_until, encode(d.ruleset_hash, 'hex') AS ruleset_hash,
           CASE WHEN d.commitment IS NULL THEN encode(d.record_hash, 'hex') END AS record_sha256,
           encode(d.commitment, 'hex') AS record_hmac, f.doc ->> 'tzdata' AS tzdata,
           (SELECT json_agg(json_build_object('rule', h ->> 'rule', 'ok', (h ->> 'ok')::boolean,
               'code', h ->> 'code', 'layer', h ->> 'layer', 'outcome', h ->> 'outcome',
               'evidence', h ->> 'evidence'))
          FROM json_array_elements(f.doc -> 'hits') h) AS rules) r))
  FROM page d
 CROSS JOIN LATERAL (SELECT convert_from(d.record, 'UTF8')::json AS doc) f
  JOIN customer c ON c.bucket = d.bucket AND c.customer_id = d.customer_id
  LEFT JOIN contact_point p ON p.bucket = d.bucket AND p.point_id = d.point_id
  LEFT JOIN campaign k ON k.campaign_id = d.campaign_id
  LEFT JOIN caller_number n ON n.number_id = d.number_id
 ORDER BY d.decided_at, d.decision_id;
