-- import_put_joint_holder: the batch into joint_holder; rows that say nothing new stay
-- untouched.
-- Params   $1 columns given text[], $2 now timestamptz
-- Returns  inserted, updated
WITH put AS (
INSERT INTO joint_holder (bucket, customer_id, holder_ref, rating, updated_at)
SELECT DISTINCT ON (bucket, customer_id, holder_ref) bucket, customer_id, holder_ref, rating,
       $2::timestamptz
  FROM stage_joint_holder
 ORDER BY bucket, customer_id, holder_ref, line DESC
ON CONFLICT (bucket, customer_id, holder_ref) DO UPDATE SET rating = EXCLUDED.rating,
    updated_at = EXCLUDED.updated_at
 WHERE 'rating' = ANY ($1::text[])
   AND joint_holder.rating IS DISTINCT FROM EXCLUDED.rating
RETURNING xmax = 0 AS fresh
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM put;
