-- dead_letter_requeue: dead letters that can go round again are planned anew.
-- Params   $1 task_id or null, $2 queue code or null, $3 campaign code or null, $4 reason or
--          null, $5 now, $6 by, $7 limit
-- Returns  bucket, task_id, offer
-- Locking  task rows in key order; their hot rows come with them
WITH dead AS (
    SELECT t.bucket, t.task_id
      FROM task t
      JOIN queue q ON q.queue_id = t.queue_id
      JOIN campaign k ON k.campaign_id = t.campaign_id
     WHERE t.dead_why IS NOT NULL AND t.state = 'failed' AND t.not_after > $5::timestamptz
       AND ($1::uuid IS NULL OR t.task_id = $1::uuid)
       AND ($2::text IS NULL OR q.code = $2::text)
       AND ($3::text IS NULL OR k.code = $3::text)
       AND ($4::text IS NULL OR t.dead_why = $4::text)
       AND NOT EXISTS (SELECT 1 FROM recall r WHERE r.bucket = t.bucket
           AND r.task_id = t.task_id AND r.done_at IS NULL)
     ORDER BY t.bucket, t.task_id LIMIT $7::bigint
       FOR UPDATE OF t
), moved AS (
    UPDATE task t
       SET state = 'planned', dead_why = NULL, tries = 0, requeued_by = $6::text,
           updated_at = $5::timestamptz
      FROM dead d WHERE t.bucket = d.bucket AND t.task_id = d.task_id
    RETURNING t.bucket, t.task_id, t.queue_id, t.priority, t.lease_epoch, t.not_before,
              t.offer
), ready AS (
    INSERT INTO task_ready (bucket, task_id, queue_id, due_at, priority, lease_epoch)
    SELECT bucket, task_id, queue_id, greatest(not_before, $5::timestamptz), priority,
           lease_epoch
      FROM moved
)
SELECT bucket, task_id, offer FROM moved ORDER BY bucket, task_id;
