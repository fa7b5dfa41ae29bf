-- campaign_version_get: one version of a campaign.
-- Params   $1 code text, $2 version integer
-- Returns  author, approved_by, approved_at, created_at, hash hex, document text
SELECT v.author, v.approved_by, v.approved_at, v.created_at,
       encode(v.content_hash, 'hex'), v.document::text
  FROM campaign_version v JOIN campaign c USING (campaign_id)
 WHERE c.code = $1::text AND v.version = $2::integer;
