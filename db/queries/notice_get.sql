-- notice_get: the texts of one version.
-- Params   $1 version
-- Returns  as notice_list, then the text
SELECT n.version, n.lang, n.purposes, encode(n.text_hash, 'hex'), n.author, n.created_at,
       n.superseded_at, n.superseded_by, n.body
  FROM notice n WHERE n.version = $1::text ORDER BY n.lang;
