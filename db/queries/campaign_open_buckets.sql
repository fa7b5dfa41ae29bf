-- campaign_open_buckets: which buckets have open tasks of a campaign.
-- Params   $1 campaign_id
SELECT DISTINCT bucket FROM task
 WHERE campaign_id = $1::bigint
   AND state IN ('planned', 'ready', 'sending', 'unknown', 'queued', 'accepted')
 ORDER BY bucket;
