-- facts_risks: how the rating in force of customers came about, where an
-- assessment of its day is on file.
-- Params   $1 buckets, $2 customer ids (arrays of one length)
-- Returns  customer_id, assessments on that day, in the twelve months up to it, the day's
--          last one: on staff's device, by the customer, version of the questionnaire; by
--          customer_id
-- Days are the institution's.
WITH mine AS MATERIALIZED (
    SELECT r.customer_id, c.risk_assessed_on AS rated_on, r.assessed_at, r.staff_device,
           r.self_completed, r.questionnaire, r.assessment_ref,
           (r.assessed_at AT TIME ZONE coalesce((SELECT value FROM setting
               WHERE name = 'zone'), 'Asia/Shanghai'))::date AS day
      FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
      JOIN risk_assessment r ON r.bucket = w.bucket::smallint AND r.customer_id = w.customer_id
      JOIN customer c ON c.bucket = r.bucket AND c.customer_id = r.customer_id
), counted AS (
    SELECT customer_id, count(*) FILTER (WHERE day = rated_on) AS of_day, count(*) AS of_year
      FROM mine
     WHERE day > (rated_on - interval '12 months')::date AND day <= rated_on
     GROUP BY customer_id
), newest AS (
    SELECT DISTINCT ON (customer_id) * FROM mine WHERE day = rated_on
     ORDER BY customer_id, assessed_at DESC, assessment_ref
)
SELECT n.customer_id, k.of_day, k.of_year, n.staff_device, n.self_completed, n.questionnaire
  FROM newest n JOIN counted k USING (customer_id)
 ORDER BY n.customer_id;
