-- campaign_refs: does what a campaign's step names exist?
-- Params   $1 queue code, $2 number pool, $3 script code, $4 product code or null
-- Returns  four booleans: queue, pool, approved script, product
SELECT EXISTS (SELECT 1 FROM queue WHERE code = $1::text),
       EXISTS (SELECT 1 FROM caller_number WHERE pool = $2::text),
       EXISTS (SELECT 1 FROM script WHERE code = $3::text AND state = 'approved'),
       $4::text IS NULL OR EXISTS (SELECT 1 FROM product WHERE code = $4::text);
