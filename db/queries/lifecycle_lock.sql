-- lifecycle_lock: all versions of a model, locked for a change of state
-- Params   $1 code text
-- Returns  version, state, content_hash, author, approved_by, exempt
SELECT version, state, content_hash, author, approved_by, exempt
  FROM lifecycle_model
 WHERE code = $1::text
 ORDER BY version
   FOR UPDATE
