-- erasure_get: who asked for the erasure of a customer, and whether it was done.
-- Params   $1 bucket, $2 customer_id
-- Returns  requested_by, requested_at, reason, case_ref, erased_at
-- Locking  the row FOR UPDATE
SELECT requested_by, requested_at, reason, case_ref, erased_at FROM erasure
 WHERE bucket = $1::smallint AND customer_id = $2::bigint
   FOR UPDATE;
