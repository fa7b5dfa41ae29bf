-- campaign_running: a campaign, held so that one transaction pauses it.
-- Params   $1 campaign_id
-- Returns  code; no row when it is not active
-- Locking  the campaign row FOR UPDATE
SELECT code FROM campaign WHERE campaign_id = $1::bigint AND state = 'active' FOR UPDATE;
