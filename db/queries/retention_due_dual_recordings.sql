-- retention_due_dual_recordings: references to recordings of class dual_recording whose time is over, and how many of them are held.
-- Params   $1 cutoff, $2 count no more than so many
-- Returns  due and held, held, the oldest that there is or null
-- Index    call_record_recording_idx
SELECT count(*), count(*) FILTER (WHERE retention_held(x.bucket, x.customer_id)),
       (SELECT min(started_at) FROM call_record
         WHERE recording IS NOT NULL AND retention_class = 'dual_recording')
  FROM (SELECT r.bucket, t.customer_id FROM call_record r
          LEFT JOIN task t ON t.bucket = r.bucket AND t.task_id = r.task_id
         WHERE r.recording IS NOT NULL AND r.retention_class = 'dual_recording'
           AND r.started_at < $1::timestamptz
         ORDER BY r.started_at LIMIT $2::integer) x;
