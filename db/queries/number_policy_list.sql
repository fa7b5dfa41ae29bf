-- number_policy_list: thresholds of health and of the ledger's differences.
-- Params   none
-- Returns  name, value
SELECT name, value FROM number_policy ORDER BY name;
