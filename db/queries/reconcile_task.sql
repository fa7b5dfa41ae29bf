-- reconcile_task: permits that were used, as their agents say, without a record of the call.
-- Params   $1 code of the incident, $2 no older than, $3 granted before, $4 limit
-- Returns  bucket, permit_id, task_id, decision_id, customer_id, campaign_id, granted_at; the
--          oldest first
-- Index    call_record_fate_idx, permit_granted_idx, call_record_task_idx, outcome_task_idx,
--          incident_subject_idx
-- A task says that there was a call when it has an outcome of this permit, or is in progress
-- still. Looked at is only what the records cover: from the first to the last that came.
WITH cover AS MATERIALIZED (
    SELECT min(f.first) AS first, max(f.last) AS last
      FROM unnest(ARRAY['matched', 'mismatch', 'unmatched']) AS x (fate)
     CROSS JOIN LATERAL (SELECT min(r.started_at) AS first, max(r.started_at) AS last
              FROM call_record r WHERE r.fate = x.fate) f
)
SELECT p.bucket, p.permit_id, p.task_id, p.decision_id, d.customer_id, d.campaign_id,
       p.granted_at
  FROM cover
  JOIN permit p ON p.granted_at >= cover.first AND p.granted_at >= $2::timestamptz
               AND p.granted_at < cover.last AND p.granted_at < $3::timestamptz
  JOIN decision d ON d.bucket = p.bucket AND d.decision_id = p.decision_id
  JOIN task t ON t.bucket = p.bucket AND t.task_id = p.task_id
 WHERE (t.state = 'in_progress' OR EXISTS (SELECT 1 FROM outcome o
            WHERE o.bucket = p.bucket AND o.task_id = p.task_id
              AND o.permit_id = p.permit_id))
   AND NOT EXISTS (SELECT 1 FROM call_record r
        WHERE r.bucket = p.bucket AND r.task_id = p.task_id AND r.permit_id = p.permit_id)
   AND NOT EXISTS (SELECT 1 FROM incident i
        WHERE i.code = $1::text AND i.subject = p.permit_id::text)
 ORDER BY p.granted_at, p.permit_id LIMIT $4::bigint;
