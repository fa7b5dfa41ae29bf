-- household_leave: a customer belongs to a household no longer; of a row that is named, or
-- of all but that one.
-- Params   $1 bucket, $2 customer_id, $3 household_ref, $4 all others but it boolean, $5 by,
--          $6 now
-- Returns  household_ref, of those left
UPDATE household_member
   SET state = 'left', actor = $5::text, updated_at = $6::timestamptz
 WHERE bucket = $1::smallint AND customer_id = $2::bigint AND state = 'member'
   AND (household_ref <> $3::text) = $4::boolean
RETURNING household_ref;
