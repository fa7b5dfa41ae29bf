-- call_record_list: what was sent, newest first.
-- Params   $1 fate or null, $2 before this instant, $3 and this id, $4 limit
-- Returns  record_id, source, reference, number sent, number approved, task_id, fate,
--          started, seconds
SELECT r.record_id, r.source, r.reference, r.number_sent, n.number, r.task_id, r.fate,
       r.started_at, r.duration_sec
  FROM call_record r LEFT JOIN caller_number n USING (number_id)
 WHERE ($1::text IS NULL OR r.fate = $1::text)
   AND (r.started_at, r.record_id) < ($2::timestamptz, $3::uuid)
 ORDER BY r.started_at DESC, r.record_id DESC LIMIT $4::bigint;
