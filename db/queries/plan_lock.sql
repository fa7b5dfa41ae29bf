-- plan_lock: one planner at a time for a campaign in a bucket.
-- Params   $1 campaign_id, $2 bucket
-- Locking  transaction advisory lock; planning takes no other lock of the lock order
SELECT pg_advisory_xact_lock(1398035534, ($1::bigint * 256 + $2::smallint)::integer);
