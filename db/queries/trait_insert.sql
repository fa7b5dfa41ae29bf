-- trait_insert: a new trait of the bank
-- Params   $1 name, $2 type, $3 unit, $4 sensitivity, $5 name_zh, $6 name_en, $7 rule,
--          $8 content_hash bytea, $9 author, $10 now timestamptz, $11 source
INSERT INTO trait (name, type, unit, sensitivity, name_zh, name_en, rule, content_hash,
                   state, author, updated_at, source, currency)
VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::bytea,
        'active', $9::text, $10::timestamptz, $11::text,
        CASE WHEN $11::text = 'feed' AND $2::text = 'money'
             THEN coalesce((SELECT value FROM setting WHERE name = 'currency'), 'CNY') END)
