-- override_lock: an override, held while somebody decides on it.
-- Params   $1 bucket, $2 override_id
-- Returns  customer_id, campaign_id, state, kind, requested_by, expires_at
-- Locking  its row FOR UPDATE, after the customer's permissions
SELECT customer_id, campaign_id, state, kind, requested_by, expires_at
  FROM gate_override WHERE bucket = $1::smallint AND override_id = $2::uuid FOR UPDATE;
