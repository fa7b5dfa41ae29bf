-- task_withdraw_override: recall what was handed over on the strength of an override. Tasks
-- that have not left stay: the gate is asked again before they do.
-- Params   $1 bucket, $2 customer_id, $3 override_id, $4 now, $5 reason
-- Returns  task_id, queue_id, state now
-- Locking  task rows, after customer_permission
WITH hit AS (
    UPDATE task t SET state = 'recalled', updated_at = $4::timestamptz
     WHERE t.bucket = $1::smallint AND t.customer_id = $2::bigint
       AND t.state IN ('sending', 'unknown', 'queued', 'accepted')
       AND EXISTS (SELECT 1 FROM gate_override_use u
                    WHERE u.bucket = t.bucket AND u.override_id = $3::uuid
                      AND u.decision_id = t.decision_id)
    RETURNING t.bucket, t.task_id, t.queue_id, t.state
), unready AS (
    DELETE FROM task_ready r USING hit
     WHERE r.bucket = hit.bucket AND r.task_id = hit.task_id
), asked AS (
    INSERT INTO recall (bucket, task_id, queue_id, reason, asked_at)
    SELECT bucket, task_id, queue_id, $5::text, $4::timestamptz FROM hit
    ON CONFLICT DO NOTHING
)
SELECT task_id, queue_id, state FROM hit;
