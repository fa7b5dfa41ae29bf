-- joint_holder_replace: a customer's further holders become those given; rows that say nothing
-- new keep their age.
-- Params   $1 bucket, $2 customer_id, $3 references, $4 ratings (0: none; arrays of one
--          length), $5 now
-- Returns  how many were added, changed or removed
-- Locking  none: party_lock came before
WITH asked AS (
    SELECT holder_ref, nullif(rating, 0)::smallint AS rating
      FROM unnest($3::text[], $4::bigint[]) AS a (holder_ref, rating)
), gone AS (
    DELETE FROM joint_holder j
     WHERE j.bucket = $1::smallint AND j.customer_id = $2::bigint
       AND j.holder_ref NOT IN (SELECT holder_ref FROM asked)
    RETURNING 1
), put AS (
    INSERT INTO joint_holder (bucket, customer_id, holder_ref, rating, updated_at)
    SELECT $1::smallint, $2::bigint, a.holder_ref, a.rating, $5::timestamptz FROM asked a
    ON CONFLICT (bucket, customer_id, holder_ref) DO UPDATE
       SET rating = EXCLUDED.rating, updated_at = EXCLUDED.updated_at
     WHERE joint_holder.rating IS DISTINCT FROM EXCLUDED.rating
    RETURNING 1
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM put);
