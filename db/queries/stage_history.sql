-- stage_history: the stages of one customer, newest first
-- Params   $1 bucket bigint, $2 customer_id bigint
-- Returns  model, version, from_stage, to_stage, reason, at
SELECT model, version, from_stage, to_stage, reason, at
  FROM stage_history
 WHERE bucket = $1::bigint AND customer_id = $2::bigint
 ORDER BY at DESC, model
 LIMIT 500
