-- erase_hold: whoever writes decisions about many customers of a bucket with keys read before
-- keeps erasures there out until the transaction ends.
-- Params   $1 bucket
-- Locking  transaction advisory lock, shared; before any other but plan_lock
SELECT pg_advisory_xact_lock_shared(hashtextextended('steward erase', $1::smallint));
