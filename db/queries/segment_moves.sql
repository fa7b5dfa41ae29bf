-- segment_moves: who entered and left a segment, newest first. Over all buckets, for a
-- report; both sides come from an index and stop at the limit.
-- Params   $1 segment_id bigint, $2 from timestamptz (included), $3 before timestamptz,
--          $4 limit bigint, then where the last page ended, or NULL: $5 at timestamptz,
--          $6 bucket bigint, $7 customer_id bigint, $8 entered boolean
-- Returns  at, bucket, customer_id, ref, entered
SELECT m.at, m.bucket, m.customer_id, c.ref, m.entered
  FROM (
      (SELECT entered_at AS at, bucket, customer_id, true AS entered
         FROM segment_member
        WHERE segment_id = $1::bigint AND entered_at >= $2::timestamptz
          AND entered_at < $3::timestamptz
          AND entered_at <= coalesce($5::timestamptz, 'infinity')
          AND ($5::timestamptz IS NULL OR (entered_at, bucket, customer_id, true)
               < ($5::timestamptz, $6::bigint, $7::bigint, $8::boolean))
        ORDER BY entered_at DESC, bucket DESC, customer_id DESC
        LIMIT $4::bigint)
      UNION ALL
      (SELECT left_at, bucket, customer_id, false
         FROM segment_member
        WHERE segment_id = $1::bigint AND left_at >= $2::timestamptz
          AND left_at < $3::timestamptz
          AND left_at <= coalesce($5::timestamptz, 'infinity')
          AND ($5::timestamptz IS NULL OR (left_at, bucket, customer_id, false)
               < ($5::timestamptz, $6::bigint, $7::bigint, $8::boolean))
        ORDER BY left_at DESC, bucket DESC, customer_id DESC
        LIMIT $4::bigint)
  ) AS m
  LEFT JOIN customer AS c ON c.bucket = m.bucket AND c.customer_id = m.customer_id
 ORDER BY m.at DESC, m.bucket DESC, m.customer_id DESC, m.entered DESC
 LIMIT $4::bigint
