-- number_change_insert: the history of one change.
-- Params   $1 change_id, $2 number_id, $3 version, $4 at, $5 actor, $6 what
INSERT INTO caller_number_change (change_id, number_id, version, at, actor, what)
VALUES ($1::uuid, $2::bigint, $3::integer, $4::timestamptz, $5::text, $6::text);
