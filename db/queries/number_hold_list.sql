-- number_hold_list: the numbers under whose caps tasks have a place.
-- Params   $1 hold_ids (the tasks), $2 now
-- Returns  hold_id, number_id
-- Index    number_hold_pkey
SELECT h.hold_id, h.number_id
  FROM unnest($1::text[]) AS x (hold_id)
  JOIN number_hold h ON h.hold_id = x.hold_id::uuid AND h.expires_at > $2::timestamptz;
