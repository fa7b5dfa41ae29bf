-- stage_history: the stages of one customer, newest first
-- Params   $1 bucket bigint, $2 customer_id bigint
-- Returns  model, version, from_stage, to_stage, reason, at, transition, cause
SELECT model, version, from_stage, to_stage, reason, at, transition, cause
  FROM stage_history
 WHERE bucket = $1::bigint AND customer_id = $2::bigint
 ORDER BY at DESC, model
 LIMIT 500
