-- erase_tasks: end every open task of a customer, a call that was permitted included.
-- Params   $1 bucket, $2 customer_id, $3 now
-- Returns  task_id, queue_id, state now (cancelled or recalled)
-- Locking  task rows, after the customer's permission; the hot rows go with them
WITH hit AS (
    UPDATE task
       SET state = CASE WHEN state IN ('planned', 'ready') THEN 'cancelled'
                        ELSE 'recalled' END,
           updated_at = $3::timestamptz
     WHERE bucket = $1::smallint AND customer_id = $2::bigint
       AND state IN ('planned', 'ready', 'sending', 'unknown', 'queued', 'accepted',
                     'in_progress')
    RETURNING bucket, task_id, queue_id, state
), unready AS (
    DELETE FROM task_ready r USING hit
     WHERE r.bucket = hit.bucket AND r.task_id = hit.task_id
), asked AS (
    INSERT INTO recall (bucket, task_id, queue_id, reason, asked_at)
    SELECT bucket, task_id, queue_id, 'customer erased', $3::timestamptz
      FROM hit WHERE state = 'recalled'
    ON CONFLICT DO NOTHING
)
SELECT task_id, queue_id, state FROM hit;
