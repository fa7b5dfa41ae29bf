-- number_find: a caller number by its digits.
-- Params   $1 number
-- Returns  number_id; no row when it is not registered
SELECT number_id FROM caller_number WHERE number = $1::text;
