-- recall_close: open recalls of dead letters that a person has looked for: no queue has them.
-- Params   $1 task_id or null, $2 queue code or null, $3 campaign code or null, $4 reason or
--          null, $5 now, $6 limit
-- Returns  bucket, task_id, reason of the recall
-- Locking  task rows in key order, as dead_letter_requeue, which follows; then their recalls
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
     ORDER BY t.bucket, t.task_id LIMIT $6::bigint
       FOR UPDATE OF t
)
DELETE FROM recall r USING dead d
 WHERE r.bucket = d.bucket AND r.task_id = d.task_id AND r.done_at IS NULL
RETURNING r.bucket, r.task_id, r.reason;
