-- import_put_contact_time: the batch into contact_time: hours that are there stay untouched.
-- Params   $1 now timestamptz
-- Returns  inserted, updated (none: hours have nothing but their key)
WITH put AS (
INSERT INTO contact_time (bucket, customer_id, weekdays, from_min, until_min, updated_at)
SELECT DISTINCT bucket, customer_id, weekdays, from_min, until_min, $1::timestamptz
  FROM stage_contact_time
ON CONFLICT DO NOTHING
RETURNING 1
)
SELECT count(*), 0::bigint FROM put;
