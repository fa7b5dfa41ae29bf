-- incident_list: incidents, newest first.
-- Params   $1 incident_id or null, $2 state or null, $3 code or null, $4 before this
--          instant, $5 and this id, $6 limit
-- Returns  incident_id, code, bucket or -1, customer_id, campaign_id, number_id, task_id,
--          decision_id, subject, evidence, detected at, campaign, number, customer's
--          reference, state, closed by, closed at, note
SELECT i.incident_id, i.code, coalesce(i.bucket, -1), i.customer_id, i.campaign_id,
       i.number_id, i.task_id, i.decision_id, i.subject, i.evidence::text, i.detected_at,
       k.code, n.number, c.ref, i.state, i.closed_by, i.closed_at, i.note
  FROM incident i
  LEFT JOIN campaign k ON k.campaign_id = i.campaign_id
  LEFT JOIN caller_number n ON n.number_id = i.number_id
  LEFT JOIN customer c ON c.bucket = i.bucket AND c.customer_id = i.customer_id
 WHERE ($1::uuid IS NULL OR i.incident_id = $1::uuid)
   AND ($2::text IS NULL OR i.state = $2::text)
   AND ($3::text IS NULL OR i.code = $3::text)
   AND (i.detected_at, i.incident_id) < ($4::timestamptz, $5::uuid)
 ORDER BY i.detected_at DESC, i.incident_id DESC LIMIT $6::bigint;
