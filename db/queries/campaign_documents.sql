-- campaign_documents: what campaigns that are not ended say, in the newest version and in the
-- one in force
-- Params   none
-- Returns  code, document
SELECT c.code, v.document::text
  FROM campaign c JOIN campaign_version v USING (campaign_id)
 WHERE c.state <> 'ended'
   AND (v.version = c.active_version
        OR v.version = (SELECT max(x.version) FROM campaign_version x
                         WHERE x.campaign_id = c.campaign_id))
 ORDER BY c.code, v.version;
