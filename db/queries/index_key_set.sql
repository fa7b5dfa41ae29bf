-- index_key_set: which version is in force, and which was before.
-- Params   $1 version, $2 previous or null
UPDATE index_key SET version = $1::smallint, previous = $2::smallint;
