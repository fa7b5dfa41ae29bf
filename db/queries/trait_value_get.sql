-- trait_value_get: the values of a customer's fed traits that are in use
-- Params   $1 bucket, $2 customer_id
-- Returns  name, type, whole, real, text, day, at
SELECT t.name, t.type, v.whole, v.real, v.text, v.day, v.at
  FROM trait_value AS v
  JOIN trait AS t ON t.trait_id = v.trait_id AND t.state = 'active'
 WHERE v.bucket = $1::smallint AND v.customer_id = $2::bigint
 ORDER BY t.name COLLATE "C"
