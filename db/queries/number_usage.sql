-- number_usage: what caller numbers were used for.
-- Params   $1 number_id or null, $2 from day, $3 to day (exclusive), $4 zone
-- Returns  day, number_id, number, kind, pool, purpose, campaign or null, used
SELECT (u.hour AT TIME ZONE $4::text)::date AS day, n.number_id, n.number, n.kind, n.pool,
       u.purpose, k.code, sum(u.used)
  FROM number_use u
  JOIN caller_number n ON n.number_id = u.number_id
  LEFT JOIN campaign k ON k.campaign_id = u.campaign_id
 WHERE ($1::bigint IS NULL OR u.number_id = $1::bigint)
   AND u.hour >= $2::date::timestamp AT TIME ZONE $4::text
   AND u.hour < $3::date::timestamp AT TIME ZONE $4::text
 GROUP BY 1, 2, 3, 4, 5, 6, 7
 ORDER BY 1, 3, 6, 7;
