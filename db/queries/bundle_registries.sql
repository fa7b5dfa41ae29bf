-- bundle_registries: versions of do-not-call registries that were loaded by the end.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
WITH page AS (
    SELECT v.registry || '|' || lpad(v.version::text, 10, '0') AS key, v.*, g.kind, g.country, g.freshness_days, g.grace_days
      FROM registry_version v JOIN registry g ON g.code = v.registry
     WHERE v.loaded_at < $4::timestamptz AND $3::timestamptz < $4::timestamptz
)
SELECT x.key, NULL::text, x.key, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT x.registry, x.kind, x.country, x.version,
           encode(x.file_hash, 'hex') AS file_sha256, x.obtained_at, x.loaded_at, x.actor,
           x.rows_listed, x.rows_rejected, x.freshness_days, x.grace_days) r))
  FROM page x
 WHERE x.key COLLATE "C" > $1::text
 ORDER BY x.key COLLATE "C" LIMIT $2::bigint;
