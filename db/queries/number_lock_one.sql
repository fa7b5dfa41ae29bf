-- number_lock_one: hold one caller number while it is changed.
-- Params   $1 number_id
-- Returns  number, status, version, suspended_by
-- Locking  caller_number FOR NO KEY UPDATE
SELECT number, status, version, suspended_by FROM caller_number
 WHERE number_id = $1::bigint FOR NO KEY UPDATE;
