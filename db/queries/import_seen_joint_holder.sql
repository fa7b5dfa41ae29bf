-- import_seen_joint_holder: the snapshot has the further holders of the batch.
-- Params   none
-- Returns  nothing
INSERT INTO stage_seen (bucket, customer_id, key)
SELECT DISTINCT bucket, customer_id, holder_ref FROM stage_joint_holder
ON CONFLICT DO NOTHING;
