-- call_match: the permit that a call was made under.
-- Params   $1 bucket of permit or task, or null, $2 permit_id or null, $3 task_id or null,
--          $4 index of the number called, or null, $5 start of the call
-- Returns  bucket, permit_id, task_id, decision_id, customer_id, campaign_id, number_id,
--          number; the best first, at most one
-- Index    permit_granted_idx for the number called, else keys of the bucket
SELECT p.bucket, p.permit_id, p.task_id, p.decision_id, d.customer_id, d.campaign_id,
       d.number_id, n.number
  FROM permit p
  JOIN decision d ON d.bucket = p.bucket AND d.decision_id = p.decision_id
  JOIN caller_number n ON n.number_id = d.number_id
 WHERE CASE WHEN $2::uuid IS NOT NULL
                THEN p.bucket = $1::smallint AND p.permit_id = $2::uuid
            WHEN $3::uuid IS NOT NULL
                THEN p.bucket = $1::smallint AND p.task_id = $3::uuid
                    AND p.granted_at <= $5::timestamptz + interval '1 minute'
            ELSE EXISTS (SELECT 1 FROM contact_point c
                    WHERE c.bucket = d.bucket AND c.point_id = d.point_id
                      AND c.phone_index = ANY (phone_class($4::bytea))) END
   AND ($2::uuid IS NOT NULL OR $3::uuid IS NOT NULL
        OR p.granted_at BETWEEN $5::timestamptz - interval '10 minutes'
                            AND $5::timestamptz + interval '1 minute')
   AND ($1::smallint IS NULL OR p.bucket = $1::smallint)
 ORDER BY p.granted_at DESC, p.permit_id LIMIT 1;
