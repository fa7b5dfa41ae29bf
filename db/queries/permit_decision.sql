-- permit_decision: what a permit was decided by.
-- Params   $1 bucket, $2 permit_id
-- Returns  decision_id, task_id, customer_id, campaign_id or 0, number_id or 0,
--          record (null: the customer was erased)
SELECT d.decision_id, d.task_id, d.customer_id, coalesce(d.campaign_id, 0),
       coalesce(d.number_id, 0), CASE WHEN NOT d.blocked THEN convert_from(d.record, 'UTF8') END
  FROM permit p
  JOIN decision d ON d.bucket = p.bucket AND d.decision_id = p.decision_id
 WHERE p.bucket = $1::smallint AND p.permit_id = $2::uuid;
