-- pack_version_approve: a second person says yes.
-- Params   $1 pack, $2 version, $3 approved by, $4 now
-- Returns  hash in hex; no row when it is not submitted, or that person had a hand in it
UPDATE pack_version
   SET state = 'approved', approved_by = $3::text, approved_at = $4::timestamptz
 WHERE pack = $1::text AND version = $2::text AND state = 'submitted'
   AND submitted_by <> $3::text AND loaded_by <> $3::text
RETURNING encode(content_hash, 'hex');
