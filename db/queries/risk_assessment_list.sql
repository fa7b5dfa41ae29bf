-- risk_assessment_list: a customer's assessments of risk, newest first.
-- Params   $1 bucket, $2 customer_id
-- Returns  reference, assessed_at, rating, questionnaire, staff_device, self_completed,
--          recorded_at, recorded_by
SELECT assessment_ref, assessed_at, rating, questionnaire, staff_device, self_completed,
       recorded_at, recorded_by
  FROM risk_assessment
 WHERE bucket = $1::smallint AND customer_id = $2::bigint
 ORDER BY assessed_at DESC, assessment_ref LIMIT 500;
