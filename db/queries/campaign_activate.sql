-- campaign_activate: the newest approved version becomes the one that runs. What starts a
-- campaign counts from its activation on; a newer version of an active one begins nothing anew.
-- Params   $1 code, $2 now
-- Returns  version, hash in hex; no row when no version is approved
UPDATE campaign k SET state = 'active', active_version = v.version,
       activated_at = CASE WHEN k.state = 'active' THEN k.activated_at
           ELSE $2::timestamptz END,
       updated_at = $2::timestamptz
  FROM (SELECT x.campaign_id, x.version, x.content_hash
          FROM campaign_version x JOIN campaign c USING (campaign_id)
         WHERE c.code = $1::text AND x.approved_by IS NOT NULL
         ORDER BY x.version DESC LIMIT 1) v
 WHERE k.campaign_id = v.campaign_id
RETURNING v.version, encode(v.content_hash, 'hex');
