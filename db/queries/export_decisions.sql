-- export_decisions: a page of the outreach log, oldest first.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to
-- Returns  key, then the columns of campaigns/export_store.c
-- Index    decision_time_idx
SELECT d.decided_at || '|' || d.decision_id, d.decision_id, d.gate, d.decided_at, c.ref,
       p.phone_mask, k.code, d.version, d.task_id, n.number, d.channel, d.purpose, d.outcome,
       d.primary_code, array_to_string(d.codes, ' '), d.next_allowed_at, d.valid_until,
       d.agent, encode(d.ruleset_hash, 'hex'), encode(d.record_hash, 'hex')
  FROM decision d
  JOIN customer c ON c.bucket = d.bucket AND c.customer_id = d.customer_id
  LEFT JOIN contact_point p ON p.bucket = d.bucket AND p.point_id = d.point_id
  LEFT JOIN campaign k ON k.campaign_id = d.campaign_id
  LEFT JOIN caller_number n ON n.number_id = d.number_id
 WHERE (d.decided_at, d.decision_id)
     > (split_part($1::text, '|', 1)::timestamptz, split_part($1::text, '|', 2)::uuid)
   AND d.decided_at >= $3::timestamptz AND d.decided_at < $4::timestamptz
 ORDER BY d.decided_at, d.decision_id LIMIT $2::bigint;
