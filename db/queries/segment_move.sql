-- segment_move: customers of one bucket leave segments and enter others, if its memberships
-- are still those that the caller knows
-- Params   $1 bucket bigint, $2 now timestamptz, $3 segment_ids bigint[], $4 customer_ids
--          bigint[] of who leaves; $5, $6 the same of who enters; the arrays are parallel;
--          $7 version bigint of the bucket
-- Returns  the bucket's version afterwards; no row: it was another one, nothing is changed
-- Locking  the bucket's row first, so that two who write the same bucket follow each other
-- A customer who left at this very instant is simply back.
WITH mine AS MATERIALIZED (
    UPDATE segment_bucket
       SET version = pg_current_xact_id()::text::bigint
     WHERE bucket = $1::bigint AND version = $7::bigint
    RETURNING version
), leave AS (
    UPDATE segment_member AS m
       SET left_at = $2::timestamptz
      FROM mine, unnest($3::bigint[], $4::bigint[]) AS u (segment_id, customer_id)
     WHERE m.bucket = $1::bigint AND m.segment_id = u.segment_id
       AND m.customer_id = u.customer_id AND m.left_at IS NULL
), enter AS (
    INSERT INTO segment_member (bucket, segment_id, customer_id, entered_at)
    SELECT $1::bigint, u.segment_id, u.customer_id, $2::timestamptz
      FROM mine, unnest($5::bigint[], $6::bigint[]) AS u (segment_id, customer_id)
        ON CONFLICT (bucket, segment_id, customer_id, entered_at)
        DO UPDATE SET left_at = NULL
)
SELECT version FROM mine
