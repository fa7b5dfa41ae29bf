-- override_waiting: who waits for a person's decision: customers of active campaigns whose
-- newest decision there is a review, alone or beside what puts the contact off; of the last
-- three days (each day that planning finds them it is decided anew), or with a task that
-- waits.
-- Params   $1 campaign code, $2 reason code, $3 before time, $4 before id, $5 now, $6 limit;
--          null leaves a filter out
-- Returns  decision_id, gate, decided_at, since, customer_id, ref, phone mask, campaign code,
--          task_id, channel, purpose, outcome, codes, codes that an override answers
--          meanwhile; newest first. since: the first of those without another answer in between
-- Index    decision_review_idx (the same list of codes), decision_customer_idx
WITH review AS (
    SELECT ARRAY['CALENDAR_NOT_COVERED', 'CONTACT_POINT_UNVERIFIED', 'DATA_MISSING_DOB', 'ELDER_EXTRA_APPROVAL',
        'REASSIGNED_NO_DATA', 'SHARED_NUMBER_REVIEW', 'TZ_UNKNOWN']::text[] AS codes
)
SELECT d.decision_id, d.gate, d.decided_at,
       (SELECT min(b.decided_at) FROM decision b
         WHERE b.bucket = d.bucket AND b.customer_id = d.customer_id
           AND b.campaign_id = d.campaign_id
           AND b.decided_at > coalesce((SELECT max(e.decided_at) FROM decision e
                WHERE e.bucket = d.bucket AND e.customer_id = d.customer_id
                  AND e.campaign_id = d.campaign_id AND e.decided_at <= d.decided_at
                  AND NOT (e.outcome IN ('REVIEW', 'DEFER') AND e.codes && r.codes)),
               '-infinity')),
       d.customer_id, c.ref, p.phone_mask, k.code, d.task_id, d.channel, d.purpose,
       d.outcome, d.codes,
       ARRAY(SELECT DISTINCT o.code FROM gate_override o
              WHERE o.bucket = d.bucket AND o.customer_id = d.customer_id
                AND o.state = 'approved' AND o.expires_at > $5::timestamptz
                AND o.code = ANY (d.codes)
                AND (o.campaign_id IS NULL OR o.campaign_id = d.campaign_id)
                AND (o.point_id IS NULL OR o.point_id = d.point_id)
              ORDER BY 1)
  FROM review r, decision d
  JOIN campaign k ON k.campaign_id = d.campaign_id AND k.state = 'active'
  JOIN customer c ON c.bucket = d.bucket AND c.customer_id = d.customer_id
  LEFT JOIN contact_point p ON p.bucket = d.bucket AND p.point_id = d.point_id
  LEFT JOIN task t ON t.bucket = d.bucket AND t.task_id = d.task_id
 WHERE d.outcome IN ('REVIEW', 'DEFER') AND d.codes && ARRAY['CALENDAR_NOT_COVERED', 'CONTACT_POINT_UNVERIFIED', 'DATA_MISSING_DOB', 'ELDER_EXTRA_APPROVAL',
        'REASSIGNED_NO_DATA', 'SHARED_NUMBER_REVIEW', 'TZ_UNKNOWN']::text[]
   AND d.decided_at > $5::timestamptz - interval '100 days'
   AND d.decided_at <= $5::timestamptz
   AND CASE WHEN d.task_id IS NULL THEN d.decided_at > $5::timestamptz - interval '3 days'
            ELSE t.state = 'planned' AND t.not_after > $5::timestamptz END
   AND NOT EXISTS (SELECT 1 FROM decision n
        WHERE n.bucket = d.bucket AND n.customer_id = d.customer_id
          AND n.campaign_id = d.campaign_id
          AND (n.decided_at, n.decision_id) > (d.decided_at, d.decision_id))
   AND ($1::text IS NULL OR k.code = $1::text)
   AND ($2::text IS NULL OR $2::text = ANY (d.codes))
   AND ($3::timestamptz IS NULL
        OR (d.decided_at, d.decision_id) < ($3::timestamptz, $4::uuid))
 ORDER BY d.decided_at DESC, d.decision_id DESC
 LIMIT $6::integer;
