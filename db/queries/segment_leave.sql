-- segment_leave: customers of one bucket leave segments
-- Params   $1 bucket bigint, $2 now timestamptz, $3 segment_ids bigint[],
--          $4 customer_ids bigint[]; the arrays are parallel
UPDATE segment_member AS m
   SET left_at = $2::timestamptz
  FROM unnest($3::bigint[], $4::bigint[]) AS u (segment_id, customer_id)
 WHERE m.bucket = $1::bigint AND m.segment_id = u.segment_id
   AND m.customer_id = u.customer_id AND m.left_at IS NULL
