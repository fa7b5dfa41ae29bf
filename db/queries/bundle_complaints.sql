-- bundle_complaints: complaints of the parties or received in the time, without their words.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to, $5 buckets, $6 customers and $7
--          points (0: all) of the parties, empty: everybody, $8 campaign code or null
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
WITH party AS (
    SELECT * FROM unnest($5::bigint[], $6::bigint[], $7::bigint[]) p (bucket, customer_id, point_id)
)
SELECT x.received_at || '|' || x.complaint_id,
       CASE WHEN x.state = 'open' AND x.due_at < $4::timestamptz THEN 'GAP_SETTLEMENT' END,
       x.complaint_id, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT x.complaint_id, x.source, x.case_ref, x.received_at,
           x.about_at, c.ref, x.phone_mask, x.task_id, x.state, x.handler, x.due_at, x.finding,
           x.settled_at, x.settled_by, x.recorded_at, x.recorded_by,
           (SELECT json_agg(json_build_object('at', s.at, 'actor', s.actor, 'what', s.what)
                            ORDER BY s.step)
              FROM complaint_step s WHERE s.complaint_id = x.complaint_id) AS steps) r))
  FROM complaint x
  LEFT JOIN customer c ON c.bucket = x.bucket AND c.customer_id = x.customer_id
  LEFT JOIN task t ON t.bucket = x.bucket AND t.task_id = x.task_id
 WHERE x.received_at < $4::timestamptz
   AND CASE WHEN cardinality($5::bigint[]) = 0 THEN x.received_at >= $3::timestamptz
             AND ($8::text IS NULL OR t.campaign_id = (SELECT campaign_id FROM campaign WHERE code = $8::text))
            ELSE (x.bucket, x.customer_id) IN (SELECT p.bucket, p.customer_id FROM party p) END
   AND (x.received_at, x.complaint_id) > (split_part($1::text, '|', 1)::timestamptz, split_part($1::text, '|', 2)::uuid)
 ORDER BY x.received_at, x.complaint_id LIMIT $2::bigint;
