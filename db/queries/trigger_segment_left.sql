-- trigger_segment_left: who left a segment lately and is not back in it.
-- Params   $1 bucket, $2 code, $3 from, $4 to timestamptz, both included
-- Returns  customer_id, when they left last; by customer_id
SELECT m.customer_id, max(m.left_at)
  FROM segment_member AS m
  JOIN segment AS s ON s.segment_id = m.segment_id
 WHERE m.bucket = $1::smallint AND s.code = $2::text
   AND m.left_at BETWEEN $3::timestamptz AND $4::timestamptz
   AND NOT EXISTS (SELECT 1 FROM segment_member AS n
                    WHERE n.bucket = m.bucket AND n.segment_id = m.segment_id
                      AND n.customer_id = m.customer_id AND n.left_at IS NULL)
 GROUP BY m.customer_id
 ORDER BY m.customer_id
