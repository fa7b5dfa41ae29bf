-- household_own: the household that a customer belongs to.
-- Params   $1 bucket, $2 customer_id
-- Returns  household_ref
SELECT household_ref FROM household_member
 WHERE bucket = $1::smallint AND customer_id = $2::bigint AND state = 'member';
