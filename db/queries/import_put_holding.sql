-- import_put_holding: the batch into holding; rows that say nothing new stay untouched.
-- Params   $1 columns given text[], $2 now timestamptz, $3 currency text
-- Returns  inserted, updated
WITH put AS (
INSERT INTO holding (bucket, customer_id, holding_ref, product, kind, amount, currency,
    opened_on, maturity_on, status, updated_at)
SELECT DISTINCT ON (bucket, customer_id, holding_ref) bucket, customer_id, holding_ref,
       product, kind, amount, $3::text, opened_on, maturity_on, status, $2::timestamptz
  FROM stage_holding
 ORDER BY bucket, customer_id, holding_ref, line DESC
ON CONFLICT (bucket, customer_id, holding_ref) DO UPDATE SET
    product = CASE WHEN 'product' = ANY ($1::text[]) THEN EXCLUDED.product
        ELSE holding.product END,
    kind = EXCLUDED.kind,
    amount = EXCLUDED.amount,
    opened_on = CASE WHEN 'opened_on' = ANY ($1::text[]) THEN EXCLUDED.opened_on
        ELSE holding.opened_on END,
    maturity_on = CASE WHEN 'maturity_on' = ANY ($1::text[]) THEN EXCLUDED.maturity_on
        ELSE holding.maturity_on END,
    status = CASE WHEN 'status' = ANY ($1::text[]) THEN EXCLUDED.status
        ELSE holding.status END,
    currency = EXCLUDED.currency,
    updated_at = EXCLUDED.updated_at
 WHERE holding.kind IS DISTINCT FROM EXCLUDED.kind
    OR holding.amount IS DISTINCT FROM EXCLUDED.amount
    OR holding.currency IS DISTINCT FROM EXCLUDED.currency
    OR ('product' = ANY ($1::text[]) AND holding.product IS DISTINCT FROM EXCLUDED.product)
    OR ('opened_on' = ANY ($1::text[]) AND holding.opened_on IS DISTINCT FROM EXCLUDED.opened_on)
    OR ('maturity_on' = ANY ($1::text[]) AND holding.maturity_on IS DISTINCT FROM EXCLUDED.maturity_on)
    OR ('status' = ANY ($1::text[]) AND holding.status IS DISTINCT FROM EXCLUDED.status)
RETURNING xmax = 0 AS fresh
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM put;
