-- number_update: what is registered of a number, as its new version.
-- Params   $1 number_id, $2 kind, $3 port, $4 pool, $5 holder, $6 user_org, $7 carrier, $8
--          line type, $9 registered purpose, $10 regions, $11 direction, $12 channels, $13
--          purposes, $14 robot, $15 licence_no, $16 licence_from, $17 licence_to, $18
--          approval hex, $19 undertaking hex, $20 lessor, $21 lessee, $22 sub_let, $23
--          withheld, $24 daily cap, $25 hourly cap, $26 now
-- Returns  number_id, version
-- Locking  the row, which the caller holds
UPDATE caller_number
   SET kind = $2::text, port = $3::text, pool = $4::text, holder = $5::text,
       user_org = $6::text, carrier = $7::text, line_type = $8::text,
       registered_purpose = $9::text, regions = $10::text[], direction = $11::text,
       channels = $12::text[], purposes = $13::text[], robot = $14::boolean,
       licence_no = $15::text, licence_from = $16::timestamptz,
       licence_to = $17::timestamptz, approval_hash = decode($18::text, 'hex'),
       undertaking_hash = decode($19::text, 'hex'), lessor = $20::text, lessee = $21::text,
       sub_let = $22::boolean, withheld = $23::boolean, daily_cap = $24::integer,
       hourly_cap = $25::integer, updated_at = $26::timestamptz, version = version + 1
 WHERE number_id = $1::bigint
RETURNING number_id, version;
