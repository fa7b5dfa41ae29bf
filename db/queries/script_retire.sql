-- script_retire: a script is pulled; the gate refuses what would use it.
-- Params   $1 code, $2 version
-- Returns  content hash in hex; no row when it is not approved
UPDATE script SET state = 'retired'
 WHERE code = $1::text AND version = $2::integer AND state = 'approved'
RETURNING encode(content_hash, 'hex');
