-- queue_turn_give: it is another's turn, once the pause after what was sent is over.
-- Params   $1 queue_id, $2 holder, $3 microseconds that are left of the pause
UPDATE queue_turn SET holder = NULL,
       free_at = clock_timestamp() + $3::bigint * interval '1 microsecond'
 WHERE queue_id = $1::bigint AND holder = $2::text;
