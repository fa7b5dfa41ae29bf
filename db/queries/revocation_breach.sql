-- revocation_breach: requests whose deadline passed while they were open, once each.
-- Params   $1 now
-- Returns  bucket, request_id, customer_id, received_at, deadline
-- Index    revocation_request_open_idx
UPDATE revocation_request SET breached_at = $1::timestamptz
 WHERE state = 'open' AND breached_at IS NULL AND deadline <= $1::timestamptz
RETURNING bucket, request_id, customer_id, received_at, deadline;
