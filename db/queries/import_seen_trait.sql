-- import_seen_trait: the snapshot has the customers of the batch.
-- Params   none
-- Returns  nothing
INSERT INTO stage_seen (bucket, customer_id, key)
SELECT DISTINCT bucket, customer_id, '' FROM stage_trait
ON CONFLICT DO NOTHING;
