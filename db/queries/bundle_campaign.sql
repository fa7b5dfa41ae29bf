-- bundle_campaign: is there a campaign of this code?
-- Params   $1 code text
SELECT EXISTS (SELECT 1 FROM campaign WHERE code = $1::text);
