-- replay_one: one recorded decision as replay_page gives it.
-- Params   $1 bucket smallint, $2 decision_id uuid
-- Returns  the columns of replay_page
SELECT d.decision_id, d.decided_at, d.gate, k.code, d.outcome, d.primary_code, d.codes,
       CASE WHEN NOT d.blocked THEN convert_from(d.record, 'UTF8') END,
       CASE WHEN d.entry_key IS NULL THEN encode(d.record_hash, 'hex') END,
       encode(d.commitment, 'hex'), d.customer_id, ck.wrapped
  FROM decision d
  LEFT JOIN customer_key ck ON ck.bucket = d.bucket AND ck.customer_id = d.customer_id
  LEFT JOIN campaign k ON k.campaign_id = d.campaign_id
 WHERE d.bucket = $1::smallint AND d.decision_id = $2::uuid;
