-- assessment_list: assessments, newest first.
-- Params   $1 code or null, $2 kind or null, $3 now
-- Returns  code, kind, title, document, hash, campaigns, valid_from, valid_to, author,
--          created_at, approved_by, approved_at, withdrawn_by, withdrawn_at, why, in force
SELECT code, kind, title, document, encode(document_hash, 'hex'), campaigns, valid_from,
       valid_to, author, created_at, approved_by, approved_at, withdrawn_by, withdrawn_at,
       withdrawn_why,
       approved_by IS NOT NULL AND withdrawn_by IS NULL
           AND valid_from <= $3::timestamptz AND valid_to > $3::timestamptz
  FROM assessment
 WHERE ($1::text IS NULL OR code = $1::text) AND ($2::text IS NULL OR kind = $2::text)
 ORDER BY created_at DESC, code LIMIT 1000;
