-- setting_put: sets it, new or again.
-- Params   $1 name text, $2 value text
-- Returns  nothing
INSERT INTO setting (name, value) VALUES ($1::text, $2::text)
ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value;
