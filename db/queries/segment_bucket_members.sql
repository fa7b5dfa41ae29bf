-- segment_bucket_members: who of one bucket is in which active segment now
-- Params   $1 bucket bigint
-- Returns  customer_id, segment_id; in no order
-- Index    segment_member_now_idx
SELECT m.customer_id, m.segment_id
  FROM segment AS s
  JOIN segment_member AS m
    ON m.segment_id = s.segment_id AND m.bucket = $1::bigint AND m.left_at IS NULL
 WHERE s.state = 'active'
