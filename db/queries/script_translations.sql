-- script_translations: the newest approved version of a script in each other language.
-- Params   $1 code, $2 the language that is there, $3 product or null
-- Returns  version, lang, body, the product's name in that language; by language
SELECT DISTINCT ON (s.lang) s.version, s.lang, s.body,
       CASE WHEN s.lang LIKE 'en%' THEN p.name_en ELSE p.name_zh END
  FROM script s
  LEFT JOIN product p ON p.code = $3::text
 WHERE s.code = $1::text AND s.state = 'approved' AND s.lang <> $2::text
 ORDER BY s.lang, s.version DESC
 LIMIT 10;
