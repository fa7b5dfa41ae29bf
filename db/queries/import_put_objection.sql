-- import_put_objection: the batch into objection; a known one can only be lifted.
-- Params   $1 now timestamptz, $2 actor text
-- Returns  inserted, updated
WITH put AS (
INSERT INTO objection (bucket, objection_id, customer_id, kind, channel, phone_index,
    phone_sealed, source, actor, effective_at, recorded_at, lifted_at)
SELECT DISTINCT ON (bucket, objection_id) bucket, objection_id, customer_id, kind, channel,
       phone_index, (SELECT p.phone_sealed FROM contact_point p WHERE p.bucket = s.bucket
           AND p.customer_id = s.customer_id AND p.phone_index = s.phone_index),
       source, $2::text, effective_at, $1::timestamptz, lifted_at
  FROM stage_objection s
 ORDER BY bucket, objection_id, line DESC
ON CONFLICT (bucket, objection_id) DO UPDATE SET
    lifted_at = coalesce(objection.lifted_at, EXCLUDED.lifted_at)
 WHERE objection.lifted_at IS NULL AND EXCLUDED.lifted_at IS NOT NULL
RETURNING xmax = 0 AS fresh
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM put;
