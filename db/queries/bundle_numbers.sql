-- bundle_numbers: caller numbers that were used: owner, licence, purposes.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to, $5 buckets, $6 customers and $7
--          points (0: all) of the parties, empty: everybody, $8 campaign code or null
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
WITH party AS (
    SELECT * FROM unnest($5::bigint[], $6::bigint[], $7::bigint[]) p (bucket, customer_id, point_id)
), used AS (
    SELECT DISTINCT d.number_id FROM party p
      JOIN decision d ON d.bucket = p.bucket AND d.customer_id = p.customer_id
       AND (p.point_id = 0 OR d.point_id = p.point_id)
     WHERE d.decided_at >= $3::timestamptz AND d.decided_at < $4::timestamptz
     UNION
    SELECT u.number_id FROM number_use u
     WHERE cardinality($5::bigint[]) = 0
       AND ($8::text IS NULL OR u.campaign_id = (SELECT campaign_id FROM campaign WHERE code = $8::text))
       AND u.hour >= $3::timestamptz AND u.hour < $4::timestamptz
), page AS (
    SELECT n.number AS key, n.* FROM used u JOIN caller_number n ON n.number_id = u.number_id
)
SELECT x.key, CASE WHEN x.licence_no IS NULL THEN 'GAP_NUMBER_LICENCE' END, x.key, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT x.number, x.kind, x.pool, x.holder, x.user_org, x.carrier,
           x.direction, x.channels, x.purposes, x.regions, x.robot, x.licence_no, x.licence_from,
           x.licence_to, encode(x.approval_hash, 'hex') AS approval_sha256, x.status,
           x.status_reason, x.daily_cap, x.hourly_cap, x.version, x.updated_at) r))
  FROM page x
 WHERE x.key COLLATE "C" > $1::text
 ORDER BY x.key COLLATE "C" LIMIT $2::bigint;
