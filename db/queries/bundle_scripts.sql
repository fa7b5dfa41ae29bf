-- bundle_scripts: scripts that were used or could be, their text and who approved it.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to, $5 buckets, $6 customers and $7
--          points (0: all) of the parties, empty: everybody, $8 campaign code or null
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
WITH party AS (
    SELECT * FROM unnest($5::bigint[], $6::bigint[], $7::bigint[]) p (bucket, customer_id, point_id)
), used AS (
    SELECT DISTINCT t.script AS code, t.script_version AS version FROM party p
      JOIN task t ON t.bucket = p.bucket AND t.customer_id = p.customer_id
     UNION
    SELECT s.code, s.version FROM script s
     WHERE cardinality($5::bigint[]) = 0
       AND ($8::text IS NULL OR EXISTS (
            SELECT 1 FROM campaign k JOIN campaign_version v ON v.campaign_id = k.campaign_id
             WHERE k.code = $8::text AND position('"' || s.code || '"' IN v.document::text) > 0))
), page AS (
    SELECT s.code || '|' || lpad(s.version::text, 10, '0') AS key, s.*
      FROM used u JOIN script s ON s.code = u.code AND s.version = u.version
     WHERE $3::timestamptz < $4::timestamptz
)
SELECT x.key, CASE WHEN x.approved_by IS NULL THEN 'GAP_SCRIPT_APPROVAL' END, x.key, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT x.code, x.version, x.lang, x.body,
           encode(x.content_hash, 'hex') AS content_sha256, x.state, x.author, x.approved_by,
           x.approved_at) r))
  FROM page x
 WHERE x.key COLLATE "C" > $1::text
 ORDER BY x.key COLLATE "C" LIMIT $2::bigint;
