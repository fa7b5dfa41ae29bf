-- decision_get: one decision with its record.
-- Params   $1 bucket, $2 decision_id
-- Returns  the columns of decision_list, then record (null: erased with the customer, or blocked),
--          commitment (hex; null: from before there were any)
SELECT d.decision_id, d.bucket, d.gate, d.decided_at, d.customer_id, c.ref, p.phone_mask,
       k.code, d.version, d.task_id, n.number, d.channel, d.purpose, d.outcome,
       d.primary_code, d.codes, d.next_allowed_at, d.valid_until, d.agent,
       CASE WHEN d.entry_key IS NULL THEN encode(d.record_hash, 'hex') END,
       CASE WHEN NOT d.blocked THEN convert_from(d.record, 'UTF8') END,
       encode(d.commitment, 'hex')
  FROM decision d
  JOIN customer c ON c.bucket = d.bucket AND c.customer_id = d.customer_id
  LEFT JOIN contact_point p ON p.bucket = d.bucket AND p.point_id = d.point_id
  LEFT JOIN campaign k ON k.campaign_id = d.campaign_id
  LEFT JOIN caller_number n ON n.number_id = d.number_id
 WHERE d.bucket = $1::smallint AND d.decision_id = $2::uuid;
