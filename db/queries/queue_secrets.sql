-- queue_secrets: what of each queue is sealed.
-- Params   none
-- Returns  queue_id, sealed secret or client key
SELECT queue_id, secret_sealed FROM queue
 UNION ALL
SELECT queue_id, client_key_sealed FROM queue WHERE client_key_sealed IS NOT NULL
 ORDER BY 1;
