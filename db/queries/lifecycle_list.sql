-- lifecycle_list: all versions of a model, newest first
-- Params   $1 code text
-- Returns  code, version, state, author, content_hash, created_at, document
SELECT code, version, state, author, content_hash, created_at, document::text
  FROM lifecycle_model
 WHERE code = $1::text
 ORDER BY version DESC
