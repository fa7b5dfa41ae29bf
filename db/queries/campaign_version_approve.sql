-- campaign_version_approve: a second person says yes.
-- Params   $1 code, $2 version, $3 approver, $4 now
-- Returns  author, hash in hex, approved already; no row: no such version
WITH v AS (
    SELECT v.campaign_id, v.version, v.author, v.content_hash, v.approved_by
      FROM campaign_version v JOIN campaign k USING (campaign_id)
     WHERE k.code = $1::text AND v.version = $2::integer FOR UPDATE OF v
), done AS (
    UPDATE campaign_version c SET approved_by = $3::text, approved_at = $4::timestamptz
      FROM v WHERE c.campaign_id = v.campaign_id AND c.version = v.version
       AND v.approved_by IS NULL AND v.author <> $3::text)
SELECT author, encode(content_hash, 'hex'), approved_by IS NOT NULL FROM v;
