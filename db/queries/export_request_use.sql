-- export_request_use: the export begins; an approval serves once, and for a week.
-- Params   $1 request_id, $2 by, $3 what, $4 filter, $5 now
-- Returns  purpose, approved_by; no row: it is not approved, used, too old, another's, or for
--          something else
UPDATE export_request SET used_at = $5::timestamptz
 WHERE request_id = $1::uuid AND requested_by = $2::text AND what = $3::text
   AND filter = $4::text AND approved_at > $5::timestamptz - interval '7 days'
   AND used_at IS NULL
RETURNING purpose, approved_by;
