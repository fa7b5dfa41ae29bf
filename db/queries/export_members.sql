-- export_members: a page of who is and was in a segment.
-- Params   $1 after key text, $2 limit bigint, $3 segment code
-- Returns  key, then the columns of campaigns/export_store.c
SELECT m.bucket || '|' || m.customer_id || '|' || m.entered_at, g.code, c.ref, c.name_mask,
       m.entered_at, m.left_at
  FROM segment g
  JOIN segment_member m ON m.segment_id = g.segment_id
  JOIN customer c ON c.bucket = m.bucket AND c.customer_id = m.customer_id
 WHERE g.code = $3::text
   AND (m.bucket, m.customer_id, m.entered_at)
     > (split_part($1::text, '|', 1)::smallint, split_part($1::text, '|', 2)::bigint,
        split_part($1::text, '|', 3)::timestamptz)
 ORDER BY m.bucket, m.customer_id, m.entered_at LIMIT $2::bigint;
