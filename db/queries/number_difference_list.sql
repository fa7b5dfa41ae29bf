-- number_difference_list: differences from carriers' lists, newest first.
-- Params   $1 open only, $2 before this instant, $3 and this id, $4 limit
-- Returns  difference_id, carrier, as of, number, number_id, kind, field, was, is now,
--          suspended, found at, settled by, settled at, note
SELECT d.difference_id, s.carrier, s.as_of, d.number, d.number_id, d.kind, d.field, d.was,
       d.is_now, d.suspended, d.found_at, t.settled_by, t.at, t.note
  FROM number_difference d
  JOIN number_snapshot s USING (snapshot_id)
  LEFT JOIN number_settlement t USING (difference_id)
 WHERE (NOT $1::boolean OR t.difference_id IS NULL)
   AND (d.found_at, d.difference_id) < ($2::timestamptz, $3::uuid)
 ORDER BY d.found_at DESC, d.difference_id DESC LIMIT $4::bigint;
