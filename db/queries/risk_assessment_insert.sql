-- risk_assessment_insert: an assessment of a customer's tolerance of risk.
-- Params   $1 bucket, $2 customer_id, $3 reference, $4 assessed at, $5 rating, $6 version of
--          the questionnaire or null, $7 on staff's device, $8 by the customer, $9 now, $10
--          actor
-- Returns  whether the same was there before; no row: another one of that reference
WITH put AS (
    INSERT INTO risk_assessment (bucket, customer_id, assessment_ref, assessed_at, rating,
        questionnaire, staff_device, self_completed, recorded_at, recorded_by)
    VALUES ($1::smallint, $2::bigint, $3::text, $4::timestamptz, $5::smallint, $6::text,
        $7::boolean, $8::boolean, $9::timestamptz, $10::text)
    ON CONFLICT (bucket, customer_id, assessment_ref) DO NOTHING
    RETURNING false AS known
)
SELECT known FROM put
UNION ALL
SELECT true FROM risk_assessment
 WHERE bucket = $1::smallint AND customer_id = $2::bigint AND assessment_ref = $3::text
   AND assessed_at = $4::timestamptz AND rating = $5::smallint
   AND questionnaire IS NOT DISTINCT FROM $6::text AND staff_device = $7::boolean
   AND self_completed = $8::boolean;
