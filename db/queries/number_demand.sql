-- number_demand: calls that are planned, by pool, purpose and day, and the mean of a day
-- over the last two weeks.
-- Params   $1 now, $2 days, $3 zone
-- Returns  pool, purpose, day or null for the mean, count
WITH today AS (
    SELECT ($1::timestamptz AT TIME ZONE $3::text)::date AS day
), planned AS (
    SELECT v.document -> 'step' ->> 'number_pool' AS pool, t.purpose,
           greatest((t.not_before AT TIME ZONE $3::text)::date, d.day) AS day
      FROM task t
      JOIN campaign_version v ON v.campaign_id = t.campaign_id AND v.version = t.version
     CROSS JOIN today d
     WHERE t.state IN ('planned', 'ready', 'sending', 'queued', 'accepted')
       AND t.not_after > $1::timestamptz
)
SELECT pool, purpose, day, count(*) FROM planned CROSS JOIN (SELECT day AS first FROM today) d
 WHERE day < d.first + $2::integer
 GROUP BY pool, purpose, day
UNION ALL
SELECT n.pool, u.purpose, NULL, ceil(sum(u.used) / 14.0)::bigint
  FROM number_use u JOIN caller_number n ON n.number_id = u.number_id CROSS JOIN today d
 WHERE u.hour >= (d.day - 14)::timestamp AT TIME ZONE $3::text
   AND u.hour < d.day::timestamp AT TIME ZONE $3::text
 GROUP BY n.pool, u.purpose
 ORDER BY 1, 2, 3;
