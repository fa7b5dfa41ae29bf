-- import_close_household: the customers of the batch belong to those households no longer.
-- Params   $1 now timestamptz, $2 actor text
-- Returns  how many
WITH gone AS (
    SELECT DISTINCT bucket, customer_id, household FROM stage_household
), done AS (
    UPDATE household_member m
       SET state = 'left', actor = $2::text, updated_at = $1::timestamptz
      FROM gone g
     WHERE m.bucket = g.bucket AND m.customer_id = g.customer_id
       AND m.household_ref = g.household AND m.state = 'member'
    RETURNING 1
)
SELECT count(*) FROM done;
