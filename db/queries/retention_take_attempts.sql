-- retention_take_attempts: tasks that ended go with permits, outcomes, pushes, records of
-- their calls and what counted of them; not while a recording is kept.
-- Params   $1 cutoff, $2 limit
-- Returns  the ids of what went, in order
-- Locking  the rows taken; one that somebody holds waits for another run
-- Index    task_over_idx, permit_task_idx, outcome_task_idx, call_record_task_idx
WITH due AS (
    SELECT t.bucket, t.task_id FROM task t
     WHERE t.state IN ('done', 'no_contact', 'expired', 'cancelled', 'recalled', 'blocked', 'failed')
       AND t.updated_at < $1::timestamptz
       AND NOT EXISTS (SELECT 1 FROM permit m WHERE m.bucket = t.bucket
                          AND m.task_id = t.task_id AND m.granted_at >= $1::timestamptz)
       AND NOT EXISTS (SELECT 1 FROM call_record r WHERE r.bucket = t.bucket
                          AND r.task_id = t.task_id
                          AND (r.started_at >= $1::timestamptz OR r.recording IS NOT NULL))
       AND NOT retention_held(t.bucket, t.customer_id)
     ORDER BY t.updated_at, t.task_id LIMIT $2::integer
       FOR UPDATE SKIP LOCKED
), permits AS (
    DELETE FROM permit p USING due WHERE p.bucket = due.bucket AND p.task_id = due.task_id
    RETURNING p.bucket, p.permit_id AS id
), outcomes AS (
    DELETE FROM outcome o USING due WHERE o.bucket = due.bucket AND o.task_id = due.task_id
    RETURNING o.bucket, o.outcome_id AS id
), records AS (
    DELETE FROM call_record r USING due
     WHERE r.bucket = due.bucket AND r.task_id = due.task_id
), pushes AS (
    DELETE FROM attempt a USING due WHERE a.bucket = due.bucket AND a.task_id = due.task_id
), recalls AS (
    DELETE FROM recall r USING due WHERE r.bucket = due.bucket AND r.task_id = due.task_id
), counts AS (
    DELETE FROM contact_count c
     USING (SELECT bucket, id FROM permits UNION ALL SELECT bucket, id FROM outcomes
             UNION ALL SELECT bucket, task_id FROM due) i
     WHERE c.bucket = i.bucket AND c.count_id = i.id
), tasks AS (
    DELETE FROM task t USING due WHERE t.bucket = due.bucket AND t.task_id = due.task_id
    RETURNING t.task_id
)
SELECT task_id FROM tasks ORDER BY task_id;
