-- lifecycle_newest: the newest version of a model
-- Params   $1 code text
-- Returns  version, content_hash; one row or none
SELECT version, content_hash
  FROM lifecycle_model
 WHERE code = $1::text
 ORDER BY version DESC
 LIMIT 1
