-- import_missing_customer: customers of the snapshot's scope that it does not have are
-- closed.
-- Params   $1 branches text[], empty: all, $2 now timestamptz, $3 the day of it date
-- Returns  how many, of how many that were open
WITH scope AS (
    SELECT bucket, customer_id FROM customer
     WHERE closed_on IS NULL AND (cardinality($1::text[]) = 0 OR branch = ANY ($1::text[]))
), done AS (
    UPDATE customer c SET closed_on = $3::date, updated_at = $2::timestamptz
      FROM scope s
     WHERE c.bucket = s.bucket AND c.customer_id = s.customer_id
       AND NOT EXISTS (SELECT 1 FROM stage_seen n
                        WHERE n.bucket = s.bucket AND n.customer_id = s.customer_id)
    RETURNING 1
)
SELECT (SELECT count(*) FROM done), (SELECT count(*) FROM scope);
