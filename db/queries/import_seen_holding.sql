-- import_seen_holding: the snapshot has the holdings of the batch.
-- Params   none
-- Returns  nothing
INSERT INTO stage_seen (bucket, customer_id, key)
SELECT DISTINCT bucket, customer_id, holding_ref FROM stage_holding
ON CONFLICT DO NOTHING;
