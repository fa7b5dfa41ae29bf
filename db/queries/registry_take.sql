-- registry_take: the staged numbers become a version; a number counts once, since its
-- earliest day.
-- Params   $1 registry, $2 version
INSERT INTO registry_entry (registry, version, phone_index, listed_on)
SELECT $1::text, $2::integer, phone_index, min(listed_on) FROM stage_registry
 GROUP BY phone_index;
