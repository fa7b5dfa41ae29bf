-- retention_take_calls: records of calls that nobody of ours had allowed go.
-- Params   $1 cutoff, $2 limit
-- Returns  the ids of what went, in order
-- Locking  the rows taken; one that somebody holds waits for another run
-- Index    call_record_time_idx
WITH due AS (
    SELECT r.record_id FROM call_record r
     WHERE r.task_id IS NULL AND r.recording IS NULL AND r.started_at < $1::timestamptz
     ORDER BY r.started_at, r.record_id LIMIT $2::integer
       FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM call_record r USING due WHERE r.record_id = due.record_id
    RETURNING r.record_id
)
SELECT record_id FROM gone ORDER BY record_id;
