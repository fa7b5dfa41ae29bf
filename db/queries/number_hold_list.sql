-- number_hold_list: the numbers under whose caps tasks have a place.
-- Params   $1 hold_ids (the tasks), $2 now
-- Returns  hold_id, number_id
SELECT hold_id, number_id FROM number_hold
 WHERE hold_id = ANY ($1::text[]::uuid[]) AND expires_at > $2::timestamptz;
