-- number_hold_put: keep a place under a number's daily cap for a task.
-- Params   $1 hold_id (the task), $2 number_id, $3 purpose, $4 now, $5 expires
INSERT INTO number_hold (hold_id, number_id, purpose, at, expires_at)
VALUES ($1::uuid, $2::bigint, $3::text, $4::timestamptz, $5::timestamptz)
ON CONFLICT (hold_id) DO UPDATE SET number_id = excluded.number_id,
    purpose = excluded.purpose, at = excluded.at, expires_at = excluded.expires_at;
