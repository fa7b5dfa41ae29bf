-- param_echo: every kind of parameter as the server understood it; for the tests of
-- parameters and getters.
-- Params   $1 boolean, $2 bigint, $3 double precision, $4 text, $5 bytea, $6 timestamptz,
--          $7 date, $8 bigint[], $9 text[], $10 and $11 timestamptz, $12 anything
-- Returns  the same twelve
SELECT $1::boolean, $2::bigint, $3::double precision, $4::text, $5::bytea,
       $6::timestamptz, $7::date, $8::bigint[], $9::text[], $10::timestamptz,
       $11::timestamptz, $12::text;
