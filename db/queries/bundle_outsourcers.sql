-- bundle_outsourcers: who works for the bank, and by which mandate.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
WITH page AS (
    SELECT o.code AS key, o.* FROM outsourcer o
     WHERE $3::timestamptz < $4::timestamptz
)
SELECT x.key, CASE WHEN x.mandate_hash IS NULL THEN 'GAP_MANDATE' END, x.key, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT x.code, x.name, x.mandate,
           encode(x.mandate_hash, 'hex') AS mandate_sha256, x.mandate_from, x.mandate_until,
           x.updated_at, x.updated_by,
           (SELECT array_agg(a.code ORDER BY a.code) FROM agent a WHERE a.outsourcer = x.code)
           AS agents) r))
  FROM page x
 WHERE x.key COLLATE "C" > $1::text
 ORDER BY x.key COLLATE "C" LIMIT $2::bigint;
