-- campaign_lock: one campaign, held against other changes.
-- Params   $1 code
-- Returns  campaign_id, state, active_version
-- Locking  the campaign row FOR UPDATE
SELECT campaign_id, state, active_version FROM campaign WHERE code = $1::text FOR UPDATE;
