-- connector_activate: puts a version in force.
-- Params   $1 name, $2 version, $3 by, $4 now
-- Returns  version; no row: it is no draft
UPDATE connector SET state = 'active', activated_by = $3::text,
       activated_at = $4::timestamptz
 WHERE name = $1::text AND version = $2::integer AND state = 'draft'
RETURNING version;
