-- connector_retire: the version in force goes, before another comes.
-- Params   $1 name
UPDATE connector SET state = 'retired' WHERE name = $1::text AND state = 'active';
