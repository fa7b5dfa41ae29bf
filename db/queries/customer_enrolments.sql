-- customer_enrolments: for what campaigns have taken up one customer.
-- Params   $1 bucket, $2 customer_id, $3 campaign ids
-- Returns  campaign_id, occurrence
SELECT campaign_id, occurrence FROM enrolment
 WHERE bucket = $1::smallint AND campaign_id = ANY ($3::bigint[])
   AND customer_id = $2::bigint;
