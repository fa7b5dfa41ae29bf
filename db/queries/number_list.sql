-- number_list: caller numbers with what was used of them.
-- Params   $1 pool or null, $2 number_id or null, $3 start of the day, $4 start of the hour
-- Returns  the registry's columns, used today, used this hour
SELECT n.number_id, n.number, n.kind, n.pool, n.holder, n.user_org, n.carrier, n.regions,
       n.direction, n.channels, n.purposes, n.robot, n.licence_no, n.licence_from,
       n.licence_to, n.approval_hash IS NOT NULL, n.status, n.status_reason, n.daily_cap,
       n.hourly_cap, n.version, coalesce(u.today, 0), coalesce(u.hour, 0)
  FROM caller_number n
  LEFT JOIN LATERAL (
       SELECT sum(used) AS today,
              sum(used) FILTER (WHERE hour >= $4::timestamptz) AS hour
         FROM number_use WHERE number_id = n.number_id AND hour >= $3::timestamptz) u ON true
 WHERE ($1::text IS NULL OR n.pool = $1::text)
   AND ($2::bigint IS NULL OR n.number_id = $2::bigint)
 ORDER BY n.pool, n.number_id;
