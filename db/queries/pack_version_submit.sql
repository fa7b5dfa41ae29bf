-- pack_version_submit: a version whose tests pass asks for approval.
-- Params   $1 pack, $2 version, $3 submitted by, $4 now, $5 wanted from or null, $6 tests
--          passed
-- Returns  hash in hex; no row when it is not to be submitted now
UPDATE pack_version
   SET state = 'submitted', submitted_by = $3::text, submitted_at = $4::timestamptz,
       wanted_from = $5::timestamptz, tests_passed = $6::integer
 WHERE pack = $1::text AND version = $2::text AND state IN ('loaded', 'submitted')
RETURNING encode(content_hash, 'hex');
