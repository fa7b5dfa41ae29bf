-- number_snapshot_lock: one list of numbers at a time is taken in.
-- Params   none
-- Locking  transaction advisory lock
SELECT pg_advisory_xact_lock(x'6e756d626c656467'::bit(64)::bigint);
