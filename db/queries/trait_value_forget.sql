-- trait_value_forget: the values of a trait that is retired, of one bucket's customers
-- Params   $1 bucket, $2 trait_id
DELETE FROM trait_value WHERE bucket = $1::smallint AND trait_id = $2::integer
