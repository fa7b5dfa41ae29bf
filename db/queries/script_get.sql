-- script_get: the text of one version.
-- Params   $1 code, $2 version
SELECT body FROM script WHERE code = $1::text AND version = $2::integer;
