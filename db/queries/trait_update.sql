-- trait_update: a new version
-- Params   $1 name, $2 type, $3 unit, $4 sensitivity, $5 name_zh, $6 name_en, $7 rule,
--          $8 content_hash bytea, $9 author, $10 now timestamptz, $11 source, which stays,
--          $12 version bigint
UPDATE trait
   SET type = $2::text, unit = $3::text, sensitivity = $4::text, name_zh = $5::text,
       name_en = $6::text, rule = $7::text, content_hash = $8::bytea, author = $9::text,
       updated_at = $10::timestamptz, version = $12::bigint
 WHERE name = $1::text AND source = $11::text
