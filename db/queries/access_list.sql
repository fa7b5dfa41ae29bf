-- access_list: who looked at what, newest first, one page.
-- Params   $1 actor, $2 beginning of what was done, $3 from, $4 to, $5 after time, $6 after
--          id, $7 limit; null leaves a filter out
-- Returns  access_id, at, actor, role, what, verdict, detail
-- Index    access_event_time_idx
SELECT access_id, at, actor, role, what, verdict, detail
  FROM access_event
 WHERE at >= $3::timestamptz AND at < $4::timestamptz
   AND ($1::text IS NULL OR actor = $1::text)
   AND ($2::text IS NULL OR starts_with(what, $2::text))
   AND ($5::timestamptz IS NULL OR (at, access_id) < ($5::timestamptz, $6::uuid))
 ORDER BY at DESC, access_id DESC
 LIMIT $7::integer;
