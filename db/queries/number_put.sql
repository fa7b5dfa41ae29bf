-- number_put: register a caller number or change what is registered.
-- Params   $1 number, $2 kind, $3 pool, $4 holder, $5 user_org, $6 carrier, $7 regions,
--          $8 direction, $9 channels, $10 purposes, $11 robot, $12 licence_no, $13
--          licence_from, $14 licence_to, $15 approval hash, $16 status, $17 daily cap or
--          null, $18 hourly cap or null, $19 now
-- Returns  number_id, version; no row when nothing changed
-- Locking  the row
INSERT INTO caller_number AS n (number, kind, pool, holder, user_org, carrier, regions,
    direction, channels, purposes, robot, licence_no, licence_from, licence_to,
    approval_hash, status, daily_cap, hourly_cap, updated_at)
VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text[], $8::text,
    $9::text[], $10::text[], $11::boolean, $12::text, $13::timestamptz, $14::timestamptz,
    $15::bytea, $16::text, $17::integer, $18::integer, $19::timestamptz)
ON CONFLICT (number) DO UPDATE SET kind = excluded.kind, pool = excluded.pool,
    holder = excluded.holder, user_org = excluded.user_org, carrier = excluded.carrier,
    regions = excluded.regions, direction = excluded.direction,
    channels = excluded.channels, purposes = excluded.purposes, robot = excluded.robot,
    licence_no = excluded.licence_no, licence_from = excluded.licence_from,
    licence_to = excluded.licence_to, approval_hash = excluded.approval_hash,
    daily_cap = excluded.daily_cap, hourly_cap = excluded.hourly_cap,
    updated_at = excluded.updated_at, version = n.version + 1
 WHERE (n.kind, n.pool, n.holder, n.user_org, n.carrier, n.regions, n.direction,
        n.channels, n.purposes, n.robot, n.licence_no, n.licence_from, n.licence_to,
        n.approval_hash, n.daily_cap, n.hourly_cap)
    IS DISTINCT FROM (excluded.kind, excluded.pool, excluded.holder, excluded.user_org,
        excluded.carrier, excluded.regions, excluded.direction, excluded.channels,
        excluded.purposes, excluded.robot, excluded.licence_no, excluded.licence_from,
        excluded.licence_to, excluded.approval_hash, excluded.daily_cap,
        excluded.hourly_cap)
RETURNING number_id, version;
