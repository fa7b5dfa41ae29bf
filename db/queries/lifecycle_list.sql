-- lifecycle_list: versions of models, newest first
-- Params   $1 code text (NULL: of all), $2 version bigint (NULL: all)
-- Returns  code, version, state, author, content_hash, created_at, document, submitted_by,
--          submitted_at, warnings, approved_by, approved_at, preview, preview_as_of,
--          activated_by, activated_at, rejected_why, exempt
SELECT code, version, state, author, content_hash, created_at, document::text, submitted_by,
       submitted_at, warnings, approved_by, approved_at, preview::text, preview_as_of,
       activated_by, activated_at, rejected_why, exempt
  FROM lifecycle_model
 WHERE ($1::text IS NULL OR code = $1::text)
   AND ($2::bigint IS NULL OR version = $2::bigint)
 ORDER BY code COLLATE "C", version DESC
