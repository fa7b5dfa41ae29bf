-- decision_list: the outreach log, newest first, one page.
-- Params   $1 from, $2 to, $3 outcome, $4 reason code, $5 campaign code, $6 customer ref,
--          $7 gate, $8 agent, $9 number_id, $10 after time, $11 after id, $12 limit,
--          $13 first reason; null leaves a filter out
-- Returns  ..., the hash of the record (hex; null: erased, or blocked)
-- Index    decision_time_idx
SELECT d.decision_id, d.bucket, d.gate, d.decided_at, d.customer_id, c.ref, p.phone_mask,
       k.code, d.version, d.task_id, n.number, d.channel, d.purpose, d.outcome,
       d.primary_code, d.codes, d.next_allowed_at, d.valid_until, d.agent,
       CASE WHEN d.entry_key IS NULL THEN encode(d.record_hash, 'hex') END
  FROM decision d
  JOIN customer c ON c.bucket = d.bucket AND c.customer_id = d.customer_id
  LEFT JOIN contact_point p ON p.bucket = d.bucket AND p.point_id = d.point_id
  LEFT JOIN campaign k ON k.campaign_id = d.campaign_id
  LEFT JOIN caller_number n ON n.number_id = d.number_id
 WHERE d.decided_at >= $1::timestamptz AND d.decided_at < $2::timestamptz
   AND ($3::text IS NULL OR d.outcome = $3::text)
   AND ($4::text IS NULL OR $4::text = ANY (d.codes))
   AND ($13::text IS NULL OR d.primary_code = $13::text)
   AND ($5::text IS NULL OR k.code = $5::text)
   AND ($6::text IS NULL OR c.ref = $6::text)
   AND ($7::text IS NULL OR d.gate = $7::text)
   AND ($8::text IS NULL OR d.agent = $8::text)
   AND ($9::bigint IS NULL OR d.number_id = $9::bigint)
   AND ($10::timestamptz IS NULL
        OR (d.decided_at, d.decision_id) < ($10::timestamptz, $11::uuid))
 ORDER BY d.decided_at DESC, d.decision_id DESC
 LIMIT $12::integer;
