-- setting_get: one value that the installation keeps in the database.
-- Params   $1 name text
-- Returns  value; no row when it was never put
SELECT value FROM setting WHERE name = $1::text;
