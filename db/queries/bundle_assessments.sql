-- bundle_assessments: assessments of impact and audits of privacy.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
WITH page AS (
    SELECT a.code AS key, a.* FROM assessment a
     WHERE a.created_at < $4::timestamptz AND $3::timestamptz < $4::timestamptz
)
SELECT x.key, CASE WHEN x.approved_by IS NULL THEN 'GAP_ASSESSMENT_APPROVAL' END, x.key, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT x.code, x.kind, x.title, x.document,
           encode(x.document_hash, 'hex') AS document_sha256, x.campaigns, x.valid_from,
           x.valid_to, x.author, x.created_at, x.approved_by, x.approved_at, x.withdrawn_by,
           x.withdrawn_at, x.withdrawn_why) r))
  FROM page x
 WHERE x.key COLLATE "C" > $1::text
 ORDER BY x.key COLLATE "C" LIMIT $2::bigint;
