-- task_expire: end tasks whose window is over: those that wait, and those at a queue.
-- Params   $1 queue_id, $2 now
-- Returns  bucket, task_id, where it was
-- Locking  task rows, SKIP LOCKED
-- One that was tried and never taken is a dead letter; so is one of which no end is known.
WITH over AS (
    SELECT bucket, task_id, state FROM task
     WHERE queue_id = $1::bigint AND not_after <= $2::timestamptz
       AND state IN ('planned', 'ready', 'queued', 'accepted')
     LIMIT 1000 FOR UPDATE SKIP LOCKED
), hit AS (
    UPDATE task t SET state = 'expired', updated_at = $2::timestamptz,
           dead_why = CASE WHEN over.state IN ('planned', 'ready') AND t.tries > 0
               AND EXISTS (SELECT 1 FROM attempt a WHERE a.bucket = t.bucket
                   AND a.task_id = t.task_id AND a.kind = 'push'
                   AND (a.finished_at IS NULL
                       OR a.result = 'retry' AND a.sent_real IS NOT NULL))
               THEN 'window' END
      FROM over WHERE t.bucket = over.bucket AND t.task_id = over.task_id
    RETURNING t.bucket, t.task_id, t.queue_id, over.state AS was
), unready AS (
    DELETE FROM task_ready r USING hit
     WHERE r.bucket = hit.bucket AND r.task_id = hit.task_id
), asked AS (
    INSERT INTO recall (bucket, task_id, queue_id, reason, asked_at)
    SELECT bucket, task_id, queue_id, 'window over', $2::timestamptz
      FROM hit WHERE was IN ('queued', 'accepted')
    ON CONFLICT DO NOTHING
)
SELECT bucket, task_id, was FROM hit;
