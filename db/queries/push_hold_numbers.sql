-- push_hold_numbers: keep the caller numbers of what is about to leave as they are.
-- Params   $1 number ids
-- Locking  the numbers' rows FOR SHARE in key order, before the tasks
SELECT number_id FROM caller_number WHERE number_id = ANY ($1::bigint[])
 ORDER BY number_id FOR SHARE;
