-- campaign_pause: stop a running campaign.
-- Params   $1 code, $2 now
-- Returns  campaign_id, active_version; no row when it is not active
UPDATE campaign SET state = 'paused', updated_at = $2::timestamptz
 WHERE code = $1::text AND state = 'active'
RETURNING campaign_id, active_version;
