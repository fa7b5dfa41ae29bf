-- import_put_attempt: the batch into contact_count.
-- Params   none
-- Returns  inserted, updated (none)
WITH put AS (
INSERT INTO contact_count (bucket, count_id, customer_id, phone_index, channel, kind, at)
SELECT bucket, count_id, customer_id, phone_index, channel, kind, at FROM stage_attempt
ON CONFLICT (bucket, count_id) DO NOTHING
RETURNING 1
)
SELECT count(*), 0::bigint FROM put;
