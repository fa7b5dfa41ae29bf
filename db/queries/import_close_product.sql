-- import_close_product: the products of the batch are sold no longer.
-- Params   $1 now timestamptz, $2 the day of it date
-- Returns  how many
WITH gone AS (SELECT DISTINCT code FROM stage_product), done AS (
    UPDATE product p SET on_sale_to = $2::date, updated_at = $1::timestamptz
      FROM gone g
     WHERE p.code = g.code AND (p.on_sale_to IS NULL OR p.on_sale_to > $2::date)
    RETURNING 1
)
SELECT count(*) FROM done;
