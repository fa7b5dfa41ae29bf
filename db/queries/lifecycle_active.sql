-- lifecycle_active: the model in force
-- Returns  code, version, document; one row or none
SELECT code, version, document::text
  FROM lifecycle_model
 WHERE state = 'active'
   AND code = coalesce((SELECT value FROM setting WHERE name = 'lifecycle_model'), 'wealth')
