-- registry_list: all registries with the file in force.
-- Params   none
-- Returns  code, kind, country, name_zh, name_en, channels, freshness days, grace days, up,
--          up since, version, obtained_at (nulls: no file), numbers, rejected, its hashes
--          can be compared, answers about single numbers, newest of them, updated_by
SELECT g.code, g.kind, g.country, g.name_zh, g.name_en, g.channels, g.freshness_days,
       g.grace_days, g.up, g.up_since, v.version, v.obtained_at, v.rows_listed,
       v.rows_rejected,
       EXISTS (SELECT 1 FROM index_key k WHERE v.index_version IN (k.version, k.previous)),
       (SELECT count(*) FROM registry_result r WHERE r.registry = g.code),
       (SELECT max(r.obtained_at) FROM registry_result r WHERE r.registry = g.code),
       g.updated_by
  FROM registry g
  LEFT JOIN registry_version v ON v.registry = g.code AND v.version = g.active_version
 ORDER BY g.code;
