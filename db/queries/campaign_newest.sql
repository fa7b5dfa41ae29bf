-- campaign_newest: a campaign, or all, with its newest version.
-- Params   $1 code or null for all
-- Returns  campaign_id, code, state, active_version, version, author, approved_by,
--          document, hash in hex, updated_at
SELECT k.campaign_id, k.code, k.state, k.active_version, v.version, v.author,
       v.approved_by, v.document::text, encode(v.content_hash, 'hex'), k.updated_at
  FROM campaign k
  JOIN LATERAL (SELECT * FROM campaign_version x WHERE x.campaign_id = k.campaign_id
                 ORDER BY x.version DESC LIMIT 1) v ON true
 WHERE $1::text IS NULL OR k.code = $1::text
 ORDER BY k.code;
