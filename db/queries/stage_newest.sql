-- stage_newest: when a customer last changed stage in a model, and how many there are.
-- Params   $1 model text
-- Returns  newest entered_at (NULL: nobody has a stage), customers of the book
SELECT (SELECT max(entered_at) FROM customer_stage WHERE model = $1::text),
       (SELECT count(*) FROM customer);
