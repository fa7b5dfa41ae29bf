-- plan_enrolled: which of these customers a campaign has taken up, and for what.
-- Params   $1 bucket, $2 campaign_id, $3 customer ids
-- Returns  customer_id, occurrence; by customer_id
SELECT customer_id, occurrence FROM enrolment
 WHERE bucket = $1::smallint AND campaign_id = $2::bigint
   AND customer_id = ANY ($3::bigint[])
 ORDER BY customer_id, occurrence;
