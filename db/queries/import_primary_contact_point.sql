-- import_primary_contact_point: where the batch names the primary contact point of a
-- customer, the one until now gives way; what the batch itself speaks of is left to
-- import_put_contact_point.
-- Params   $1 now timestamptz
-- Returns  nothing
-- Index    contact_point_primary_idx
WITH last AS (
    SELECT DISTINCT ON (bucket, customer_id, phone_index) bucket, customer_id, is_primary
      FROM stage_contact_point
     ORDER BY bucket, customer_id, phone_index, line DESC, is_primary DESC
)
UPDATE contact_point p SET is_primary = false, updated_at = $1::timestamptz
  FROM (SELECT DISTINCT bucket, customer_id FROM last WHERE is_primary) l
 WHERE p.bucket = l.bucket AND p.customer_id = l.customer_id AND p.is_primary
   AND NOT EXISTS (SELECT 1 FROM stage_contact_point s
                    WHERE s.bucket = p.bucket AND s.customer_id = p.customer_id
                      AND s.phone_index = p.phone_index);
