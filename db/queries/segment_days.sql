-- segment_days: how a segment grew, newest day first
-- Params   $1 segment_id bigint, $2 how many days bigint
-- Returns  day, version, as_of, matched, undecided, entered, left
SELECT day, version, as_of, matched, undecided, entered, left_count
  FROM segment_day
 WHERE segment_id = $1::bigint
 ORDER BY day DESC
 LIMIT $2::bigint
