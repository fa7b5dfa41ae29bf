-- segment_update: a new version, or other names for the one there is
-- Params   $1 code, $2 name_zh, $3 name_en, $4 rule text, $5 content_hash bytea,
--          $6 author text, $7 now timestamptz, $8 version bigint
UPDATE segment
   SET name_zh = $2::text, name_en = $3::text, rule = $4::text, content_hash = $5::bytea,
       author = $6::text, updated_at = $7::timestamptz, version = $8::bigint
 WHERE code = $1::text
