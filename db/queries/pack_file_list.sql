-- pack_file_list: the files of one version.
-- Params   $1 pack, $2 version
-- Returns  name, content, in no particular order
SELECT name, content FROM pack_file WHERE pack = $1::text AND version = $2::text;
