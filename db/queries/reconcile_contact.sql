-- reconcile_contact: calls that nobody was allowed, and of which no incident tells yet.
-- Params   $1 code of the incident, $2 no older than, $3 begun before, $4 limit
-- Returns  record_id, source, started_at; the oldest first
-- Index    call_record_fate_idx, incident_subject_idx
SELECT r.record_id, r.source, r.started_at
  FROM call_record r
 WHERE r.fate = 'unmatched' AND r.started_at >= $2::timestamptz
   AND r.started_at < $3::timestamptz
   AND NOT EXISTS (SELECT 1 FROM incident i
        WHERE i.code = $1::text AND i.subject = r.record_id::text)
 ORDER BY r.started_at, r.record_id LIMIT $4::bigint;
