-- product_put: a product of the catalogue, new or changed.
-- Params   $1 code, $2 name_zh, $3 name_en, $4 class, $5 risk or null, $6 on sale from or
--          null, $7 to or null, $8 now, $9 country of its regulator or null
INSERT INTO product (code, name_zh, name_en, class, risk, on_sale_from, on_sale_to,
    updated_at, regulator)
VALUES ($1::text, $2::text, $3::text, $4::text, $5::smallint, $6::date, $7::date,
    $8::timestamptz, $9::text)
ON CONFLICT (code) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en,
    class = excluded.class, risk = excluded.risk, on_sale_from = excluded.on_sale_from,
    on_sale_to = excluded.on_sale_to, updated_at = excluded.updated_at,
    regulator = excluded.regulator;
