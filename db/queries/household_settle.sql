-- household_settle: what came of a suggestion.
-- Params   $1 bucket, $2 customer_id, $3 household_ref, $4 state (member, rejected), $5 by,
--          $6 now
-- Returns  one row when there was a suggestion
UPDATE household_member
   SET state = $4::text, actor = $5::text, updated_at = $6::timestamptz
 WHERE bucket = $1::smallint AND customer_id = $2::bigint AND household_ref = $3::text
   AND state = 'suggested'
RETURNING household_ref;
