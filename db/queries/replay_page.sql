-- replay_page: recorded decisions with their records, oldest first, one page.
-- Params   $1 from timestamptz, $2 to timestamptz, $3 campaign code or null, $4 after time,
--          $5 after id, $6 limit
-- Returns  decision_id, decided_at, gate, campaign code, outcome, primary_code, codes,
--          record (null: erased, or blocked), record_hash, commitment (null: from before), customer_id,
--          the customer's wrapped key
-- Index    decision_time_idx
SELECT d.decision_id, d.decided_at, d.gate, k.code, d.outcome, d.primary_code, d.codes,
       CASE WHEN NOT d.blocked THEN convert_from(d.record, 'UTF8') END,
       CASE WHEN d.entry_key IS NULL THEN encode(d.record_hash, 'hex') END,
       encode(d.commitment, 'hex'), d.customer_id, ck.wrapped
  FROM decision d
  LEFT JOIN customer_key ck ON ck.bucket = d.bucket AND ck.customer_id = d.customer_id
  LEFT JOIN campaign k ON k.campaign_id = d.campaign_id
 WHERE d.decided_at >= $1::timestamptz AND d.decided_at < $2::timestamptz
   AND ($3::text IS NULL OR k.code = $3::text)
   AND (d.decided_at, d.decision_id) > ($4::timestamptz, $5::uuid)
 ORDER BY d.decided_at, d.decision_id
 LIMIT $6::integer;
