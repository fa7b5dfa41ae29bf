-- pack_active: when which version is, was or will be in force.
-- Returns  pack, version, effective from, to or null, content hash in hex, activated by,
--          approved by, activated at
SELECT pack, version, effective_from, effective_to, encode(content_hash, 'hex'),
       activated_by, approved_by, activated_at
  FROM pack_activation
 WHERE effective_to IS NULL OR effective_to > effective_from
 ORDER BY pack, effective_from, activation_id;
