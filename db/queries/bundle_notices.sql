-- bundle_notices: what people were told, each wording.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
WITH page AS (
    SELECT n.version || '|' || n.lang AS key, n.* FROM notice n
     WHERE n.created_at < $4::timestamptz AND $3::timestamptz < $4::timestamptz
)
SELECT x.key, NULL::text, x.key, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT x.version, x.lang, x.purposes, x.body,
           encode(x.text_hash, 'hex') AS text_sha256, x.author, x.created_at, x.superseded_at,
           x.superseded_by) r))
  FROM page x
 WHERE x.key COLLATE "C" > $1::text
 ORDER BY x.key COLLATE "C" LIMIT $2::bigint;
