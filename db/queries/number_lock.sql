-- number_lock: hold a pool's numbers while one is chosen and its use counted.
-- Params   $1 pool
-- Returns  number_id
-- Locking  caller_number FOR NO KEY UPDATE, in key order
SELECT number_id FROM caller_number WHERE pool = $1::text
 ORDER BY number_id FOR NO KEY UPDATE;
