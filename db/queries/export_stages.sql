-- export_stages: a page of changes of stage in a time.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to
-- Returns  key, then the columns of campaigns/export_store.c
SELECT h.bucket || '|' || h.customer_id || '|' || h.model || '|' || h.at, c.ref, h.model,
       h.version, h.from_stage, h.to_stage, h.reason, h.at
  FROM stage_history h
  JOIN customer c ON c.bucket = h.bucket AND c.customer_id = h.customer_id
 WHERE (h.bucket, h.customer_id, h.model, h.at)
     > (split_part($1::text, '|', 1)::smallint, split_part($1::text, '|', 2)::bigint,
        split_part($1::text, '|', 3), split_part($1::text, '|', 4)::timestamptz)
   AND h.at >= $3::timestamptz AND h.at < $4::timestamptz
 ORDER BY h.bucket, h.customer_id, h.model, h.at LIMIT $2::bigint;
