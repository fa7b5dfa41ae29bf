-- registry_is_up: does the registry's service answer, as far as we know?
-- Params   $1 code
-- Returns  up
SELECT up FROM registry WHERE code = $1::text;
