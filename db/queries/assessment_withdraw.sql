-- assessment_withdraw: from now on it counts for nothing; it stays on file.
-- Params   $1 code, $2 actor, $3 now, $4 why
-- Returns  its hash; no row: there is none, or it is withdrawn
UPDATE assessment SET withdrawn_by = $2::text, withdrawn_at = $3::timestamptz,
       withdrawn_why = $4::text
 WHERE code = $1::text AND withdrawn_by IS NULL
RETURNING encode(document_hash, 'hex');
