-- access_get: one entry of who asked for what.
-- Params   $1 access_id uuid
-- Returns  at, actor, role, what, detail
SELECT at, actor, role, what, detail FROM access_event WHERE access_id = $1::uuid;
