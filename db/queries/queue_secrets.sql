-- queue_secrets: the sealed secret of each queue.
-- Params   none
-- Returns  queue_id, secret_sealed
SELECT queue_id, secret_sealed FROM queue ORDER BY queue_id;
