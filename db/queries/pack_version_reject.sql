-- pack_version_reject: a second person says no; the next try has a number of its own.
-- Params   $1 pack, $2 version, $3 rejected by, $4 now, $5 why
-- Returns  hash in hex; no row when it is not submitted
UPDATE pack_version
   SET state = 'rejected', rejected_by = $3::text, rejected_at = $4::timestamptz,
       rejected_why = $5::text
 WHERE pack = $1::text AND version = $2::text AND state = 'submitted'
RETURNING encode(content_hash, 'hex');
