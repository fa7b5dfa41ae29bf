-- product_on_sale: the products that are on sale on a day, the least risky first.
-- Params   $1 day, $2 limit
-- Returns  code, name_zh, name_en, class, risk, on_sale_from, on_sale_to, regulator
SELECT code, name_zh, name_en, class, risk, on_sale_from, on_sale_to, regulator
  FROM product
 WHERE (on_sale_from IS NULL OR on_sale_from <= $1::date)
   AND (on_sale_to IS NULL OR on_sale_to > $1::date)
 ORDER BY risk NULLS LAST, code
 LIMIT $2::integer;
