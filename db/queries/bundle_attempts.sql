-- bundle_attempts: dial attempts in scope, by time.
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
       CASE WHEN v.permit_id IS NOT NULL AND o.outcome_id IS NULL THEN 'GAP_OUTCOME'
            WHEN o.reached AND coalesce(v.recording_sha256, o.recording_sha256) IS NULL
            THEN 'GAP_RECORDING' END,
       d.decision_id, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT v.decision_id, v.decided_at, v.ref, v.phone_mask,
           v.campaign, v.version, v.task_id, v.handler, v.channel, v.purpose, v.agent, v.number,
           v.outcome, v.primary_code, v.permit_id, o.outcome_id, o.disposition, o.reached,
           coalesce(v.started_at, o.started_at) AS started_at, v.ring_sec, v.answered_by,
           v.talk_sec, v.number_sent, v.fate, v.abandoned,
           coalesce(v.recording, o.recording_ref) AS recording,
           encode(coalesce(v.recording_sha256, o.recording_sha256), 'hex') AS recording_sha256,
           v.retention_class) r))
  FROM page d
  JOIN attempt_record v ON v.bucket = d.bucket AND v.decision_id = d.decision_id
  LEFT JOIN LATERAL (SELECT x.* FROM outcome x
                      WHERE x.bucket = v.bucket AND x.task_id = v.task_id
                        AND x.permit_id = v.permit_id
                      ORDER BY x.recorded_at DESC LIMIT 1) o ON true
 ORDER BY d.decided_at, d.decision_id;
