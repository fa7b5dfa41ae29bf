-- bundle_rules_in_force: versions of rule packs in force, from when to when.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
WITH page AS (
    SELECT a.pack || '|' || lpad(a.activation_id::text, 12, '0') AS key, a.* FROM pack_activation a
     WHERE a.effective_from < $4::timestamptz
       AND coalesce(a.effective_to, 'infinity') > $3::timestamptz
)
SELECT x.key, NULL::text, x.key, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT x.pack, x.version,
           encode(x.content_hash, 'hex') AS content_sha256, x.effective_from, x.effective_to,
           x.activated_by, x.approved_by, x.activated_at) r))
  FROM page x
 WHERE x.key COLLATE "C" > $1::text
 ORDER BY x.key COLLATE "C" LIMIT $2::bigint;
