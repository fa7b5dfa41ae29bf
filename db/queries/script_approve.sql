-- script_approve: a second person says yes; older approved versions retire.
-- Params   $1 code, $2 version, $3 approver, $4 now
-- Returns  content hash in hex
WITH older AS (
    UPDATE script SET state = 'retired'
     WHERE code = $1::text AND version < $2::integer AND state = 'approved')
UPDATE script SET state = 'approved', approved_by = $3::text, approved_at = $4::timestamptz
 WHERE code = $1::text AND version = $2::integer AND state = 'draft'
RETURNING encode(content_hash, 'hex');
