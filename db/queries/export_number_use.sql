-- export_number_use: a page of what caller numbers were used for, hour by hour.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to
-- Returns  key, then the columns of campaigns/export_store.c
SELECT u.hour || '|' || u.number_id || '|' || u.purpose || '|' || u.campaign_id, u.hour,
       n.number, n.kind, n.pool, n.holder, u.purpose, k.code, u.used
  FROM number_use u
  JOIN caller_number n ON n.number_id = u.number_id
  LEFT JOIN campaign k ON k.campaign_id = u.campaign_id
 WHERE (u.hour, u.number_id, u.purpose, u.campaign_id)
     > (split_part($1::text, '|', 1)::timestamptz, split_part($1::text, '|', 2)::bigint,
        split_part($1::text, '|', 3), split_part($1::text, '|', 4)::bigint)
   AND u.hour >= $3::timestamptz AND u.hour < $4::timestamptz
 ORDER BY u.hour, u.number_id, u.purpose, u.campaign_id LIMIT $2::bigint;
