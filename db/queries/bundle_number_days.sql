-- bundle_number_days: what caller numbers were used for, by day (UTC), purpose and campaign.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to, $5 buckets, $6 customers and $7
--          points (0: all) of the parties, empty: everybody, $8 campaign code or null
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
WITH party AS (
    SELECT * FROM unnest($5::bigint[], $6::bigint[], $7::bigint[]) p (bucket, customer_id, point_id)
), pick AS (
    SELECT d.number_id, date_trunc('day', d.decided_at)::date AS day, d.purpose, d.campaign_id,
           count(*) AS used
      FROM party p
      JOIN decision d ON d.bucket = p.bucket AND d.customer_id = p.customer_id
       AND (p.point_id = 0 OR d.point_id = p.point_id)
     WHERE d.gate = 'C' AND d.outcome = 'ALLOW' AND d.number_id IS NOT NULL
       AND d.decided_at >= $3::timestamptz AND d.decided_at < $4::timestamptz
     GROUP BY 1, 2, 3, 4
     UNION ALL
    SELECT u.number_id, date_trunc('day', u.hour)::date, u.purpose, u.campaign_id, sum(u.used)
      FROM number_use u
     WHERE cardinality($5::bigint[]) = 0
       AND ($8::text IS NULL OR u.campaign_id = (SELECT campaign_id FROM campaign WHERE code = $8::text))
       AND u.hour >= $3::timestamptz AND u.hour < $4::timestamptz
     GROUP BY 1, 2, 3, 4
), page AS (
    SELECT n.number || '|' || u.day || '|' || u.purpose || '|' || coalesce(k.code, '') AS key,
           n.number, u.day, u.purpose, k.code AS campaign, u.used
      FROM pick u
      JOIN caller_number n ON n.number_id = u.number_id
      LEFT JOIN campaign k ON k.campaign_id = u.campaign_id
)
SELECT x.key, NULL::text, x.key, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT x.number, x.day, x.purpose, x.campaign, x.used) r))
  FROM page x
 WHERE x.key COLLATE "C" > $1::text
 ORDER BY x.key COLLATE "C" LIMIT $2::bigint;
