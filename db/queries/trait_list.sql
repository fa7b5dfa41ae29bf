-- trait_list: the bank's own traits, or one
-- Params   $1 name text (NULL: all), $2 retired too boolean
-- Returns  trait_id, name, version, type, unit, sensitivity, name_zh, name_en, rule,
--          content_hash, state, author, updated_at, source, fed_at, who fed it, currency
SELECT t.trait_id, t.name, t.version, t.type, t.unit, t.sensitivity, t.name_zh, t.name_en,
       t.rule, t.content_hash, t.state, t.author, t.updated_at, t.source, f.fed_at,
       f.source, t.currency
  FROM trait AS t
  LEFT JOIN trait_feed AS f ON f.trait_id = t.trait_id
 WHERE ($1::text IS NULL OR t.name = $1::text)
   AND (t.state = 'active' OR $2::boolean)
 ORDER BY t.name COLLATE "C"
