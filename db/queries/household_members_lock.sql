-- household_members_lock: take the permissions of a whole household for a change.
-- Params   $1 household
-- Locking  customer_permission rows FOR UPDATE (by the upsert), in key order
INSERT INTO customer_permission (bucket, customer_id, epoch)
SELECT m.bucket, m.customer_id, 1 FROM household_member m
 WHERE m.household_ref = $1::text AND m.state = 'member'
 ORDER BY m.bucket, m.customer_id
ON CONFLICT (bucket, customer_id) DO UPDATE SET epoch = customer_permission.epoch + 1;
