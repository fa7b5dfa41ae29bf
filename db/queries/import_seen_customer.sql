-- import_seen_customer: the snapshot has the customers of the batch.
-- Params   none
-- Returns  nothing
INSERT INTO stage_seen (bucket, customer_id, key)
SELECT DISTINCT bucket, customer_id, '' FROM stage_customer
ON CONFLICT DO NOTHING;
