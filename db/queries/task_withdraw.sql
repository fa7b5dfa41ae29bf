-- task_withdraw: end the open tasks of a customer that a withdrawal or objection covers.
-- Params   $1 bucket, $2 customer_id, $3 purpose or '*', $4 channel or '*', $5 point_id or
--          null for any, $6 now, $7 reason, $8 product class or '*', $9 robots' only, $10
--          of campaigns that use a profile only
-- Returns  task_id, queue_id, state now (cancelled or recalled)
-- Locking  task rows, after customer_permission; the hot rows go with them
WITH hit AS (
    UPDATE task
       SET state = CASE WHEN state IN ('planned', 'ready') THEN 'cancelled'
                        ELSE 'recalled' END,
           updated_at = $6::timestamptz
     WHERE bucket = $1::smallint AND customer_id = $2::bigint
       AND ($3::text = '*' OR purpose = $3::text)
       AND ($4::text = '*' OR channel = $4::text)
       AND ($5::bigint IS NULL OR point_id = $5::bigint)
       AND ($8::text = '*' OR product IS NULL
            OR product IN (SELECT code FROM product WHERE class = $8::text))
       AND (NOT $9::boolean OR handler = 'robot')
       AND (NOT $10::boolean OR EXISTS (SELECT 1 FROM campaign_version v
                WHERE v.campaign_id = task.campaign_id AND v.version = task.version
                  AND coalesce((v.document ->> 'uses_profile')::boolean, false)))
       AND state IN ('planned', 'ready', 'sending', 'unknown', 'queued', 'accepted')
    RETURNING bucket, task_id, queue_id, state
), unready AS (
    DELETE FROM task_ready r USING hit
     WHERE r.bucket = hit.bucket AND r.task_id = hit.task_id
), asked AS (
    INSERT INTO recall (bucket, task_id, queue_id, reason, asked_at)
    SELECT bucket, task_id, queue_id, $7::text, $6::timestamptz
      FROM hit WHERE state = 'recalled'
    ON CONFLICT DO NOTHING
)
SELECT task_id, queue_id, state FROM hit;
