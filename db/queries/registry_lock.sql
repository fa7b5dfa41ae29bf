-- registry_lock: a registry, held for a new file.
-- Params   $1 code
-- Returns  kind, country, newest version or 0
-- Locking  the registry row FOR UPDATE; the gate reads without a lock
SELECT g.kind, g.country, coalesce((SELECT max(version) FROM registry_version v
           WHERE v.registry = g.code), 0)
  FROM registry g WHERE g.code = $1::text FOR UPDATE;
