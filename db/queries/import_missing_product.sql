-- import_missing_product: products of the snapshot's scope that it does not have are sold
-- no longer.
-- Params   $1 classes text[], empty: all, $2 now timestamptz, $3 the day of it date
-- Returns  how many, of how many that were on sale
WITH scope AS (
    SELECT code FROM product
     WHERE (on_sale_to IS NULL OR on_sale_to > $3::date)
       AND (cardinality($1::text[]) = 0 OR class = ANY ($1::text[]))
), done AS (
    UPDATE product p SET on_sale_to = $3::date, updated_at = $2::timestamptz
      FROM scope s
     WHERE p.code = s.code
       AND NOT EXISTS (SELECT 1 FROM stage_seen n
                        WHERE n.bucket = 0 AND n.customer_id = 0 AND n.key = s.code)
    RETURNING 1
)
SELECT (SELECT count(*) FROM done), (SELECT count(*) FROM scope);
