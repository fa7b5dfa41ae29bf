-- bundle_consents: grants and withdrawals of the parties up to the end, or in the time.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to, $5 buckets, $6 customers and $7
--          points (0: all) of the parties, empty: everybody, $8 campaign code or null
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
-- Index    consent_event_customer_idx, consent_event's key
WITH party AS (
    SELECT * FROM unnest($5::bigint[], $6::bigint[], $7::bigint[]) p (bucket, customer_id, point_id)
), pick AS (
    SELECT e.* FROM (SELECT DISTINCT bucket, customer_id FROM party) p
      JOIN consent_event e ON e.bucket = p.bucket AND e.customer_id = p.customer_id
     WHERE e.recorded_at < $4::timestamptz
     UNION ALL
    SELECT e.* FROM consent_event e
     WHERE cardinality($5::bigint[]) = 0
       AND ($8::text IS NULL OR EXISTS (
            SELECT 1 FROM enrolment n JOIN campaign k ON k.campaign_id = n.campaign_id
             WHERE n.bucket = e.bucket AND n.customer_id = e.customer_id AND k.code = $8::text))
       AND e.recorded_at >= $3::timestamptz AND e.recorded_at < $4::timestamptz
)
SELECT e.bucket || '|' || e.consent_id, CASE
            WHEN e.action = 'grant' AND e.evidence IS NULL THEN 'GAP_CONSENT_EVIDENCE'
            WHEN e.notice_version IS NOT NULL AND NOT EXISTS (
                 SELECT 1 FROM notice x WHERE x.version = e.notice_version) THEN 'GAP_NOTICE' END, e.consent_id, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT e.consent_id, c.ref, e.action, e.purpose, e.channel,
           e.product_class, e.recipient, p.phone_mask, e.form, e.notice_version, e.evidence,
           encode(e.evidence_sha256, 'hex') AS evidence_sha256, e.source, e.actor,
           e.effective_at, e.expires_at, e.recorded_at) r))
  FROM pick e
  JOIN customer c ON c.bucket = e.bucket AND c.customer_id = e.customer_id
  LEFT JOIN contact_point p ON p.bucket = e.bucket AND p.point_id = e.point_id
 WHERE (e.bucket, e.consent_id) > (split_part($1::text, '|', 1)::integer, split_part($1::text, '|', 2)::uuid)
 ORDER BY e.bucket, e.consent_id LIMIT $2::bigint;
