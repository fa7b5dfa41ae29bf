-- notice_list: the register of notices, without their texts.
-- Params   none
-- Returns  version, lang, purposes, hash of the text, author, created_at, superseded_at,
--          superseded_by; newest first
SELECT n.version, n.lang, n.purposes, encode(n.text_hash, 'hex'), n.author, n.created_at,
       n.superseded_at, n.superseded_by
  FROM notice n ORDER BY n.created_at DESC, n.version, n.lang LIMIT 1000;
