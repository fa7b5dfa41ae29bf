-- stage_counts: customers in each stage of a model
-- Params   $1 model text
-- Returns  stage, customers
SELECT stage, count(*)
  FROM customer_stage
 WHERE model = $1::text
 GROUP BY stage
 ORDER BY stage
