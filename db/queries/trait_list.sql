-- trait_list: the bank's own traits, or one
-- Params   $1 name text (NULL: all), $2 retired too boolean
-- Returns  trait_id, name, version, type, unit, sensitivity, name_zh, name_en, rule,
--          content_hash, state, author, updated_at
SELECT trait_id, name, version, type, unit, sensitivity, name_zh, name_en, rule,
       content_hash, state, author, updated_at
  FROM trait
 WHERE ($1::text IS NULL OR name = $1::text)
   AND (state = 'active' OR $2::boolean)
 ORDER BY name COLLATE "C"
