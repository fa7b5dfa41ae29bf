-- retention_take_call_recordings: references to recordings of class call_recording go; the hash of each
-- recording stays.
-- Params   $1 cutoff, $2 limit
-- Returns  the ids of what went, in order
-- Locking  the rows taken; one that somebody holds waits for another run
-- Index    call_record_recording_idx
WITH due AS (
    SELECT r.record_id FROM call_record r
      LEFT JOIN task t ON t.bucket = r.bucket AND t.task_id = r.task_id
     WHERE r.recording IS NOT NULL AND r.retention_class = 'call_recording'
       AND r.started_at < $1::timestamptz
       AND (t.customer_id IS NULL OR NOT retention_held(t.bucket, t.customer_id))
     ORDER BY r.started_at, r.record_id LIMIT $2::integer
       FOR UPDATE OF r SKIP LOCKED
), gone AS (
    UPDATE call_record r SET recording = NULL FROM due WHERE r.record_id = due.record_id
    RETURNING r.record_id
)
SELECT record_id FROM gone ORDER BY record_id;
