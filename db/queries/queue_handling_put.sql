-- queue_handling_put: how long a queue waits for its agents.
-- Params   $1 code, $2 reserve, $3 no-show, $4 wrap, $5 manager first (all seconds), $6 now
-- Returns  one row; none when there is no such queue
UPDATE queue SET reserve_sec = $2::integer, no_show_sec = $3::integer,
       wrap_sec = $4::integer, manager_first_sec = $5::integer,
       updated_at = $6::timestamptz
 WHERE code = $1::text
RETURNING queue_id;
