-- withdrawal_tasks: the tasks that a withdrawal or objection ended, as they are now.
-- Params   $1 bucket, $2 withdrawal_id
-- Returns  task_id, ended, state now, queue code, a push is on the wire, recall: tries,
--          answered (null: none was needed)
SELECT wt.task_id, wt.ended, t.state, q.code,
       wt.ended = 'recalled' AND EXISTS (SELECT 1 FROM attempt a
            WHERE a.bucket = t.bucket AND a.task_id = t.task_id AND a.kind = 'push'
              AND a.finished_real IS NULL AND a.begun_real
                + (q.timeout_ms + 22000) * interval '1 millisecond' > clock_timestamp()),
       r.tries, r.done_at IS NOT NULL
  FROM withdrawal_task wt
  JOIN task t ON t.bucket = wt.task_bucket AND t.task_id = wt.task_id
  JOIN queue q ON q.queue_id = t.queue_id
  LEFT JOIN recall r ON r.bucket = t.bucket AND r.task_id = t.task_id
 WHERE wt.bucket = $1::smallint AND wt.withdrawal_id = $2::uuid
 ORDER BY wt.task_bucket, wt.task_id LIMIT 1000;
