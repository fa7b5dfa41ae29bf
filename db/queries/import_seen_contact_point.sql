-- import_seen_contact_point: the snapshot has the contact points of the batch.
-- Params   none
-- Returns  nothing
INSERT INTO stage_seen (bucket, customer_id, key)
SELECT DISTINCT bucket, customer_id, encode(phone_index, 'hex') FROM stage_contact_point
ON CONFLICT DO NOTHING;
