-- bundle_outcomes: what agents said came of it, by key.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to, $5 buckets, $6 customers and $7
--          points (0: all) of the parties, empty: everybody, $8 campaign code or null
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
-- Index    task_customer_idx, outcome's key, ledger_leaf_id_idx
WITH party AS (
    SELECT * FROM unnest($5::bigint[], $6::bigint[], $7::bigint[]) p (bucket, customer_id, point_id)
), pick AS (
    SELECT o.* FROM party p
      JOIN task t ON t.bucket = p.bucket AND t.customer_id = p.customer_id
       AND (p.point_id = 0 OR t.point_id = p.point_id)
      JOIN outcome o ON o.bucket = t.bucket AND o.task_id = t.task_id
     UNION ALL
    SELECT o.* FROM outcome o
      JOIN task t ON t.bucket = o.bucket AND t.task_id = o.task_id
     WHERE cardinality($5::bigint[]) = 0
       AND ($8::text IS NULL OR t.campaign_id = (SELECT campaign_id FROM campaign WHERE code = $8::text))
)
SELECT o.bucket || '|' || o.outcome_id,
       CASE WHEN o.reached AND o.started_at IS NULL THEN 'GAP_CALL_TIMES' END, o.outcome_id,
       (SELECT l.idx FROM ledger_leaf l
         WHERE left(split_part(split_part(encode(l.entry, 'escape'), '"id":"', 2), '"', 1), 80)
             = o.task_id::text AND l.kind = 'outcome'
           AND position(o.outcome_id::text IN encode(l.entry, 'escape')) > 0
         ORDER BY l.idx LIMIT 1),
       row_to_json((SELECT r FROM (SELECT o.outcome_id, o.recorded_at, c.ref, o.task_id,
           o.permit_id, o.disposition, o.reached, o.agent, o.started_at, o.ended_at,
           o.callback_at, o.carrier_cause, o.disclosures, o.flags, o.product,
           o.recording_ref AS recording,
           encode(o.recording_sha256, 'hex') AS recording_sha256) r))
  FROM pick o
  JOIN customer c ON c.bucket = o.bucket AND c.customer_id = o.customer_id
 WHERE o.recorded_at >= $3::timestamptz AND o.recorded_at < $4::timestamptz
   AND (o.bucket, o.outcome_id) > (split_part($1::text, '|', 1)::integer, split_part($1::text, '|', 2)::uuid)
 ORDER BY o.bucket, o.outcome_id LIMIT $2::bigint;
