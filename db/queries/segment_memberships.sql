-- segment_memberships: the segments of one customer, newest first
-- Params   $1 bucket bigint, $2 customer_id bigint
-- Returns  code, entered_at, left_at
SELECT s.code, m.entered_at, m.left_at
  FROM segment AS s
  JOIN segment_member AS m
    ON m.bucket = $1::bigint AND m.segment_id = s.segment_id
   AND m.customer_id = $2::bigint
 ORDER BY m.entered_at DESC, s.code
 LIMIT 500
