-- bundle_access: who looked: at the parties where any are named, else in the time.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to, $5 buckets, $6 customers and $7
--          points (0: all) of the parties, empty: everybody
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
-- Index    access_event_time_idx
WITH party AS (
    SELECT * FROM unnest($5::bigint[], $6::bigint[], $7::bigint[]) p (bucket, customer_id, point_id)
), who AS (
    SELECT DISTINCT c.ref FROM party p
      JOIN customer c ON c.bucket = p.bucket AND c.customer_id = p.customer_id
)
SELECT a.at || '|' || a.access_id, NULL::text, a.access_id, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT a.access_id, a.at, a.actor, a.role, a.what, a.verdict,
           substring(a.detail from 'case=([^ ]*)') AS case_ref,
           substring(a.detail from 'rows=([0-9]+)') AS rows) r))
  FROM access_event a
 WHERE a.at >= $3::timestamptz AND a.at < $4::timestamptz
   AND (cardinality($5::bigint[]) = 0 OR EXISTS (SELECT 1 FROM who w WHERE position(w.ref IN a.detail) > 0))
   AND (a.at, a.access_id) > (split_part($1::text, '|', 1)::timestamptz, split_part($1::text, '|', 2)::uuid)
 ORDER BY a.at, a.access_id LIMIT $2::bigint;
