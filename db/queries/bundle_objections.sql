-- bundle_objections: objections of the parties up to the end, or in the time.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to, $5 buckets, $6 customers and $7
--          points (0: all) of the parties, empty: everybody, $8 campaign code or null
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
-- Index    objection_customer_idx, objection's key
WITH party AS (
    SELECT * FROM unnest($5::bigint[], $6::bigint[], $7::bigint[]) p (bucket, customer_id, point_id)
), pick AS (
    SELECT e.* FROM (SELECT DISTINCT bucket, customer_id FROM party) p
      JOIN objection e ON e.bucket = p.bucket AND e.customer_id = p.customer_id
     WHERE e.recorded_at < $4::timestamptz
     UNION ALL
    SELECT e.* FROM objection e
     WHERE cardinality($5::bigint[]) = 0
       AND ($8::text IS NULL OR EXISTS (
            SELECT 1 FROM enrolment n JOIN campaign k ON k.campaign_id = n.campaign_id
             WHERE n.bucket = e.bucket AND n.customer_id = e.customer_id AND k.code = $8::text))
       AND e.recorded_at >= $3::timestamptz AND e.recorded_at < $4::timestamptz
)
SELECT e.bucket || '|' || e.objection_id, NULL::text, e.objection_id, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT e.objection_id, c.ref, e.kind, e.channel, e.scope,
           e.source, e.actor, e.cause, e.effective_at, e.recorded_at, e.lifted_at, e.lifted_by,
           e.lift_evidence) r))
  FROM pick e
  JOIN customer c ON c.bucket = e.bucket AND c.customer_id = e.customer_id
 WHERE (e.bucket, e.objection_id) > (split_part($1::text, '|', 1)::integer, split_part($1::text, '|', 2)::uuid)
 ORDER BY e.bucket, e.objection_id LIMIT $2::bigint;
