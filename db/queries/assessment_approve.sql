-- assessment_approve: a second person stands for it.
-- Params   $1 code, $2 approver, $3 now
-- Returns  its hash; no row: there is none, or it is approved or withdrawn, or it is the
--          approver's own
UPDATE assessment SET approved_by = $2::text, approved_at = $3::timestamptz
 WHERE code = $1::text AND approved_by IS NULL AND withdrawn_by IS NULL
   AND author <> $2::text
RETURNING encode(document_hash, 'hex');
