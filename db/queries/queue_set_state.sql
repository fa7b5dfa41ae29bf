-- queue_set_state: open a queue for dispatch, or close it.
-- Params   $1 queue_id, $2 state, $3 by, $4 why, $5 now
-- Returns  code; no row: it is in that state already
UPDATE queue SET state = $2::text, state_by = $3::text, state_why = $4::text,
       updated_at = $5::timestamptz
 WHERE queue_id = $1::bigint AND state <> $2::text
RETURNING code;
