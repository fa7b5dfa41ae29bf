-- import_put_product: the batch into product; rows that say nothing new stay untouched.
-- Params   $1 columns given text[], $2 now timestamptz
-- Returns  inserted, updated
WITH put AS (
INSERT INTO product (code, name_zh, name_en, class, risk, on_sale_from, on_sale_to,
    regulator, dual_recording, qualified_only, min_amount, updated_at)
SELECT DISTINCT ON (code) code, name_zh, name_en, class, risk, on_sale_from, on_sale_to,
       regulator, dual_recording, qualified_only, min_amount, $2::timestamptz
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
    regulator = CASE WHEN 'regulator' = ANY ($1::text[]) THEN EXCLUDED.regulator
        ELSE product.regulator END,
    dual_recording = CASE WHEN 'dual_recording' = ANY ($1::text[]) THEN EXCLUDED.dual_recording
        ELSE product.dual_recording END,
    qualified_only = CASE WHEN 'qualified_only' = ANY ($1::text[]) THEN EXCLUDED.qualified_only
        ELSE product.qualified_only END,
    min_amount = CASE WHEN 'min_amount' = ANY ($1::text[]) THEN EXCLUDED.min_amount
        ELSE product.min_amount END,
    updated_at = EXCLUDED.updated_at
 WHERE product.name_zh IS DISTINCT FROM EXCLUDED.name_zh
    OR product.name_en IS DISTINCT FROM EXCLUDED.name_en
    OR product.class IS DISTINCT FROM EXCLUDED.class
    OR ('risk' = ANY ($1::text[]) AND product.risk IS DISTINCT FROM EXCLUDED.risk)
    OR ('on_sale_from' = ANY ($1::text[]) AND product.on_sale_from IS DISTINCT FROM EXCLUDED.on_sale_from)
    OR ('on_sale_to' = ANY ($1::text[]) AND product.on_sale_to IS DISTINCT FROM EXCLUDED.on_sale_to)
    OR ('regulator' = ANY ($1::text[]) AND product.regulator IS DISTINCT FROM EXCLUDED.regulator)
    OR ('dual_recording' = ANY ($1::text[]) AND product.dual_recording IS DISTINCT FROM EXCLUDED.dual_recording)
    OR ('qualified_only' = ANY ($1::text[]) AND product.qualified_only IS DISTINCT FROM EXCLUDED.qualified_only)
    OR ('min_amount' = ANY ($1::text[]) AND product.min_amount IS DISTINCT FROM EXCLUDED.min_amount)
RETURNING xmax = 0 AS fresh
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM put;
