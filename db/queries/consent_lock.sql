-- consent_lock: take a customer's permissions for a change; the gate waits.
-- Params   $1 bucket, $2 customer_id
-- Returns  epoch after the change
-- Locking  customer_permission row FOR UPDATE (by the update)
INSERT INTO customer_permission (bucket, customer_id, epoch)
VALUES ($1::smallint, $2::bigint, 1)
ON CONFLICT (bucket, customer_id) DO UPDATE SET epoch = customer_permission.epoch + 1
RETURNING epoch;
