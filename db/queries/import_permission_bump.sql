-- import_permission_bump: the batch changes permissions; the gate waits for the commit.
-- Params   none
-- Returns  nothing
-- Locking  customer_permission rows, in key order
WITH hit AS (
    SELECT p.bucket, p.customer_id FROM customer_permission p
     WHERE (p.bucket, p.customer_id) IN (SELECT bucket, customer_id FROM stage_consent
                                         UNION SELECT bucket, customer_id FROM stage_objection)
     ORDER BY p.bucket, p.customer_id
       FOR UPDATE
)
UPDATE customer_permission p SET epoch = p.epoch + 1
  FROM hit WHERE p.bucket = hit.bucket AND p.customer_id = hit.customer_id;
