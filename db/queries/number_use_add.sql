-- number_use_add: one more use of a caller number.
-- Params   $1 number_id, $2 start of the hour, $3 purpose, $4 campaign_id, 0: none
INSERT INTO number_use AS u (number_id, hour, purpose, campaign_id, used)
VALUES ($1::bigint, $2::timestamptz, $3::text, $4::bigint, 1)
ON CONFLICT (number_id, hour, purpose, campaign_id) DO UPDATE SET used = u.used + 1;
