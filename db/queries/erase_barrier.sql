-- erase_barrier: waits until nobody writes decisions with keys read before (erase_hold).
-- Params   $1 bucket
-- Locking  transaction advisory lock, first of all: who holds it shared waits for rows
SELECT pg_advisory_xact_lock(hashtextextended('steward erase', $1::smallint));
