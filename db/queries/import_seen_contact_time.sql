-- import_seen_contact_time: the snapshot has the hours of the batch.
-- Params   none
-- Returns  nothing
INSERT INTO stage_seen (bucket, customer_id, key)
SELECT DISTINCT bucket, customer_id, concat_ws(' ', weekdays, from_min, until_min)
  FROM stage_contact_time
ON CONFLICT DO NOTHING;
