-- import_put_product: the batch into product.
-- Params   $1 columns given text[], $2 now timestamptz
-- Returns  nothing
INSERT INTO product (code, name_zh, name_en, class, risk, on_sale_from, on_sale_to,
    updated_at)
SELECT DISTINCT ON (code) code, name_zh, name_en, class, risk, on_sale_from, on_sale_to,
       $2::timestamptz
  FROM stage_product
 ORDER BY code, line DESC
ON CONFLICT (code) DO UPDATE SET
    name_zh = EXCLUDED.name_zh,
    name_en = EXCLUDED.name_en,
    class = EXCLUDED.class,
    risk = CASE WHEN 'risk' = ANY ($1::text[]) THEN EXCLUDED.risk
        ELSE product.risk END,
    on_sale_from = CASE WHEN 'on_sale_from' = ANY ($1::text[]) THEN EXCLUDED.on_sale_from
        ELSE product.on_sale_from END,
    on_sale_to = CASE WHEN 'on_sale_to' = ANY ($1::text[]) THEN EXCLUDED.on_sale_to
        ELSE product.on_sale_to END,
    updated_at = EXCLUDED.updated_at;
