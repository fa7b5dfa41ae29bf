-- script_newest: the newest version of a script.
-- Params   $1 code
-- Returns  version, body, lang, state
SELECT version, body, lang, state FROM script WHERE code = $1::text
 ORDER BY version DESC LIMIT 1;
