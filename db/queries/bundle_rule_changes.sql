-- bundle_rule_changes: versions of rule packs: loaded, submitted, approved or rejected, with their tests.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
WITH page AS (
    SELECT v.pack || '|' || v.version AS key, v.* FROM pack_version v
     WHERE v.loaded_at < $4::timestamptz AND $3::timestamptz < $4::timestamptz
)
SELECT x.key, NULL::text, x.key, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT x.pack, x.version,
           encode(x.content_hash, 'hex') AS content_sha256, x.rules, x.state, x.loaded_by,
           x.loaded_at, x.submitted_by, x.submitted_at, x.wanted_from, x.tests_passed,
           x.approved_by, x.approved_at, x.rejected_by, x.rejected_at, x.rejected_why) r))
  FROM page x
 WHERE x.key COLLATE "C" > $1::text
 ORDER BY x.key COLLATE "C" LIMIT $2::bigint;
