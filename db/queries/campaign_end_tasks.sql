-- campaign_end_tasks: cancel or recall the open tasks of one bucket of a campaign.
-- Params   $1 bucket, $2 campaign_id, $3 now, $4 reason
-- Returns  task_id, queue_id, state now
WITH hit AS (
    UPDATE task
       SET state = CASE WHEN state IN ('planned', 'ready') THEN 'cancelled'
                        ELSE 'recalled' END,
           updated_at = $3::timestamptz
     WHERE bucket = $1::smallint AND campaign_id = $2::bigint
       AND state IN ('planned', 'ready', 'sending', 'unknown', 'queued', 'accepted')
    RETURNING bucket, task_id, queue_id, state
), unready AS (
    DELETE FROM task_ready r USING hit
     WHERE r.bucket = hit.bucket AND r.task_id = hit.task_id
), asked AS (
    INSERT INTO recall (bucket, task_id, queue_id, reason, asked_at)
    SELECT bucket, task_id, queue_id, $4::text, $3::timestamptz
      FROM hit WHERE state = 'recalled'
    ON CONFLICT DO NOTHING
)
SELECT task_id, queue_id, state FROM hit;
