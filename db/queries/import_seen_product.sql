-- import_seen_product: the snapshot has the products of the batch.
-- Params   none
-- Returns  nothing
INSERT INTO stage_seen (bucket, customer_id, key)
SELECT DISTINCT 0, 0, code FROM stage_product
ON CONFLICT DO NOTHING;
