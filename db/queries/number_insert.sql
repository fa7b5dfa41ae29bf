-- number_insert: register a caller number; it is planned until it is activated.
-- Params   $1 number, $2 kind, $3 port, $4 pool, $5 holder, $6 user_org, $7 carrier, $8 line
--          type, $9 registered purpose, $10 regions, $11 direction, $12 channels, $13
--          purposes, $14 robot, $15 licence_no, $16 licence_from, $17 licence_to, $18
--          approval hex, $19 undertaking hex, $20 lessor, $21 lessee, $22 sub_let, $23
--          withheld, $24 daily cap, $25 hourly cap, $26 now
-- Returns  number_id, version; no row when the number is registered already
INSERT INTO caller_number (number, kind, port, pool, holder, user_org, carrier, line_type,
    registered_purpose, regions, direction, channels, purposes, robot, licence_no,
    licence_from, licence_to, approval_hash, undertaking_hash, lessor, lessee, sub_let,
    withheld, status, daily_cap, hourly_cap, updated_at)
VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text,
    $9::text, $10::text[], $11::text, $12::text[], $13::text[], $14::boolean, $15::text,
    $16::timestamptz, $17::timestamptz, decode($18::text, 'hex'), decode($19::text, 'hex'),
    $20::text, $21::text, $22::boolean, $23::boolean, 'planned', $24::integer,
    $25::integer, $26::timestamptz)
ON CONFLICT (number) DO NOTHING
RETURNING number_id, version;
