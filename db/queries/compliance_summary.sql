-- compliance_summary: what compliance looks at, of a time; numbers and registries as they are
-- now.
-- Params   $1 from, $2 to, $3 now
-- Returns  section, key or null, count, of how many or null
-- Index    decision_dial_idx, incident_time_idx, call_record_time_idx,
--          complaint_received_idx, decision_dial_campaign_idx, gate_override_time_idx
SELECT 'attempts', NULL::text,
       count(*) FILTER (WHERE outcome = 'ALLOW'), count(*)
  FROM decision
 WHERE gate = 'C' AND decided_at >= $1::timestamptz AND decided_at < $2::timestamptz
 UNION ALL
SELECT 'incidents', code, count(*), count(*) FILTER (WHERE state = 'open')
  FROM incident WHERE detected_at >= $1::timestamptz AND detected_at < $2::timestamptz
 GROUP BY code
 UNION ALL
SELECT 'abandoned', NULL, count(*) FILTER (WHERE abandoned),
       count(*) FILTER (WHERE abandoned OR answered_by = 'human')
  FROM call_record WHERE started_at >= $1::timestamptz AND started_at < $2::timestamptz
 UNION ALL
SELECT 'labels', coalesce(label, 'none'), count(*), NULL
  FROM caller_number WHERE status IN ('active', 'suspended')
 GROUP BY 2
 UNION ALL
SELECT 'complaints', k.code, x.complaints,
       (SELECT count(*) FROM decision d
         WHERE d.gate = 'C' AND d.campaign_id = k.campaign_id AND d.outcome = 'ALLOW'
           AND d.decided_at >= $1::timestamptz AND d.decided_at < $2::timestamptz)
  FROM (SELECT t.campaign_id, count(*) AS complaints
          FROM complaint c JOIN task t ON t.bucket = c.bucket AND t.task_id = c.task_id
         WHERE c.received_at >= $1::timestamptz AND c.received_at < $2::timestamptz
         GROUP BY t.campaign_id) x
  JOIN campaign k USING (campaign_id)
 UNION ALL
SELECT 'complaints', NULL, count(*), count(*) FILTER (WHERE task_id IS NULL)
  FROM complaint WHERE received_at >= $1::timestamptz AND received_at < $2::timestamptz
 UNION ALL
SELECT 'overrides', kind || ' ' || state, count(*), NULL
  FROM gate_override
 WHERE requested_at >= $1::timestamptz AND requested_at < $2::timestamptz
 GROUP BY 2
 UNION ALL
SELECT 'stale_registries', r.code, greatest(0, extract(epoch FROM $3::timestamptz
           - coalesce(v.obtained_at + r.freshness_days * interval '1 day', r.up_since))
           / 60)::bigint, NULL
  FROM registry r
  LEFT JOIN registry_version v ON v.registry = r.code AND v.version = r.active_version
 WHERE r.kind = 'do_not_call'
 ORDER BY 1, 2 NULLS FIRST;
