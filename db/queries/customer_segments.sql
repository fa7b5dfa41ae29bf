-- customer_segments: the segments one customer is in now, or has left lately.
-- Params   $1 bucket, $2 customer_id, $3 left after
-- Returns  code, entered_at, left_at or null; the newest of a segment first
SELECT s.code, m.entered_at, m.left_at
  FROM segment AS s
  JOIN segment_member AS m ON m.bucket = $1::bigint AND m.segment_id = s.segment_id
   AND m.customer_id = $2::bigint
 WHERE m.left_at IS NULL OR m.left_at > $3::timestamptz
 ORDER BY s.code, m.entered_at DESC;
