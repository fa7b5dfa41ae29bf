-- segment_enter: customers of one bucket enter segments; who is in already stays
-- Params   $1 bucket bigint, $2 now timestamptz, $3 segment_ids bigint[],
--          $4 customer_ids bigint[]; the arrays are parallel
-- A customer who left at this very instant is simply back.
INSERT INTO segment_member AS m (bucket, segment_id, customer_id, entered_at)
SELECT $1::bigint, u.segment_id, u.customer_id, $2::timestamptz
  FROM unnest($3::bigint[], $4::bigint[]) AS u (segment_id, customer_id)
 WHERE NOT EXISTS (
           SELECT 1 FROM segment_member AS now
            WHERE now.bucket = $1::bigint AND now.segment_id = u.segment_id
              AND now.customer_id = u.customer_id AND now.left_at IS NULL)
    ON CONFLICT (bucket, segment_id, customer_id, entered_at) DO UPDATE SET left_at = NULL
