-- number_lock: hold pools' numbers while some are chosen and their use counted.
-- Params   $1 pools
-- Returns  number_id
-- Locking  caller_number FOR NO KEY UPDATE, in key order over all pools
SELECT number_id FROM caller_number WHERE pool = ANY ($1::text[])
 ORDER BY number_id FOR NO KEY UPDATE;
