-- import_close_customer: the customers of the batch are closed, unless they are already.
-- Params   $1 now timestamptz, $2 the day of it date
-- Returns  how many
WITH gone AS (SELECT DISTINCT bucket, customer_id FROM stage_customer), done AS (
    UPDATE customer c SET closed_on = $2::date, updated_at = $1::timestamptz
      FROM gone g
     WHERE c.bucket = g.bucket AND c.customer_id = g.customer_id AND c.closed_on IS NULL
    RETURNING 1
)
SELECT count(*) FROM done;
