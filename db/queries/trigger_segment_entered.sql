-- trigger_segment_entered: who entered a segment lately and still is in it.
-- Params   $1 bucket, $2 code, $3 from, $4 to timestamptz, both included
-- Returns  customer_id, when; by customer_id
SELECT m.customer_id, m.entered_at
  FROM segment_member AS m
  JOIN segment AS s ON s.segment_id = m.segment_id
 WHERE m.bucket = $1::smallint AND s.code = $2::text AND m.left_at IS NULL
   AND m.entered_at BETWEEN $3::timestamptz AND $4::timestamptz
 ORDER BY m.customer_id
