-- product_on_sale: the products that are on sale on a day, the least risky first.
-- Params   $1 day, $2 limit
-- Returns  code, name_zh, name_en, class, risk, on_sale_from, on_sale_to, regulator,
--          its sale needs picture, for qualified investors alone, least amount or null
SELECT code, name_zh, name_en, class, risk, on_sale_from, on_sale_to, regulator,
       dual_recording, qualified_only, min_amount
  FROM product
 WHERE (on_sale_from IS NULL OR on_sale_from <= $1::date)
   AND (on_sale_to IS NULL OR on_sale_to > $1::date)
 ORDER BY risk NULLS LAST, code
 LIMIT $2::integer;
