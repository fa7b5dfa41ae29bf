-- pack_file_insert: one file of a version.
-- Params   $1 pack, $2 version, $3 name, $4 content
INSERT INTO pack_file (pack, version, name, content)
VALUES ($1::text, $2::text, $3::text, $4::bytea);
