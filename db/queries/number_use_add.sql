-- number_use_add: one more use of a caller number.
-- Params   $1 number_id, $2 start of the hour, $3 purpose
INSERT INTO number_use AS u (number_id, hour, purpose, used)
VALUES ($1::bigint, $2::timestamptz, $3::text, 1)
ON CONFLICT (number_id, hour, purpose) DO UPDATE SET used = u.used + 1;
