-- bundle_calls: records of calls in scope by time; whoever made them, where no party is named.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to, $5 buckets, $6 customers and $7
--          points (0: all) of the parties, empty: everybody, $8 campaign code or null
-- Returns  key, gap or null, id, index of its ledger entry or null, row as JSON
-- Index    call_record_task_idx, call_record_time_idx
WITH party AS (
    SELECT * FROM unnest($5::bigint[], $6::bigint[], $7::bigint[]) p (bucket, customer_id, point_id)
), pick AS (
    SELECT r.* FROM party p
      JOIN task t ON t.bucket = p.bucket AND t.customer_id = p.customer_id
       AND (p.point_id = 0 OR t.point_id = p.point_id)
      JOIN call_record r ON r.bucket = t.bucket AND r.task_id = t.task_id
     WHERE r.started_at >= $3::timestamptz AND r.started_at < $4::timestamptz
     UNION ALL
    SELECT r.* FROM call_record r
      LEFT JOIN task t ON t.bucket = r.bucket AND t.task_id = r.task_id
     WHERE cardinality($5::bigint[]) = 0
       AND ($8::text IS NULL OR t.campaign_id = (SELECT campaign_id FROM campaign WHERE code = $8::text))
       AND r.started_at >= $3::timestamptz AND r.started_at < $4::timestamptz
)
SELECT r.started_at || '|' || r.record_id,
       CASE WHEN r.talk_sec > 0 AND r.recording_sha256 IS NULL THEN 'GAP_RECORDING' END,
       r.record_id, NULL::bigint,
       row_to_json((SELECT r FROM (SELECT r.record_id, r.started_at, r.source, r.reference,
           r.number_sent, n.number AS number_approved, r.fate, r.task_id, r.permit_id,
           r.duration_sec, r.ring_sec, r.talk_sec, r.answered_by, r.abandoned, r.recording,
           encode(r.recording_sha256, 'hex') AS recording_sha256, r.retention_class) r))
  FROM pick r
  LEFT JOIN caller_number n ON n.number_id = r.number_id
 WHERE (r.started_at, r.record_id) > (split_part($1::text, '|', 1)::timestamptz, split_part($1::text, '|', 2)::uuid)
 ORDER BY r.started_at, r.record_id LIMIT $2::bigint;
