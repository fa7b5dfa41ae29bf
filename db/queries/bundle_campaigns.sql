-- bundle_campaigns: campaigns in scope by version, and who approved them.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to, $5 buckets, $6 customers and $7
--          points (0: all) of the parties, empty: everybody, $8 campaign code or null
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
WITH party AS (
    SELECT * FROM unnest($5::bigint[], $6::bigint[], $7::bigint[]) p (bucket, customer_id, point_id)
), used AS (
    SELECT DISTINCT t.campaign_id FROM party p
      JOIN task t ON t.bucket = p.bucket AND t.customer_id = p.customer_id
     UNION
    SELECT k.campaign_id FROM campaign k
     WHERE cardinality($5::bigint[]) = 0 AND ($8::text IS NULL OR k.code = $8::text)
), page AS (
    SELECT k.code || '|' || lpad(v.version::text, 10, '0') AS key, k.code, v.*
      FROM used u
      JOIN campaign k ON k.campaign_id = u.campaign_id
      JOIN campaign_version v ON v.campaign_id = u.campaign_id
     WHERE v.created_at < $4::timestamptz AND $3::timestamptz < $4::timestamptz
)
SELECT x.key, CASE WHEN x.approved_by IS NULL THEN 'GAP_CAMPAIGN_APPROVAL' END, x.key, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT x.code, x.version,
           encode(x.content_hash, 'hex') AS content_sha256, x.author, x.created_at, x.approved_by,
           x.approved_at, x.document) r))
  FROM page x
 WHERE x.key COLLATE "C" > $1::text
 ORDER BY x.key COLLATE "C" LIMIT $2::bigint;
