-- export_request_approve: somebody else agrees.
-- Params   $1 request_id, $2 by, $3 now
-- Returns  one row; none: it is not there, approved already, or one's own
UPDATE export_request SET approved_by = $2::text, approved_at = $3::timestamptz
 WHERE request_id = $1::uuid AND approved_by IS NULL AND requested_by <> $2::text
RETURNING what;
