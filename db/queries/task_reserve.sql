-- task_reserve: a queued task is one agent's for a while. Its fence grows.
-- Params   $1 bucket, $2 task_id, $3 agent, $4 now
-- Returns  fence, reserved until, whose reservation had run out or null; no row: somebody
--          else has it or is taking it
-- Locking  the task, SKIP LOCKED: two who ask never wait for one another
WITH free AS (
    SELECT bucket, task_id, reserved_by FROM task
     WHERE bucket = $1::smallint AND task_id = $2::uuid AND state = 'queued'
       AND not_after > $4::timestamptz
       AND (reserved_by IS NULL OR reserved_until <= $4::timestamptz)
       FOR UPDATE SKIP LOCKED
)
UPDATE task AS t
   SET reserved_by = $3::text, lease_epoch = t.lease_epoch + 1,
       reserved_until = least(t.not_after,
           $4::timestamptz + q.reserve_sec * interval '1 second')
  FROM free, queue q
 WHERE t.bucket = free.bucket AND t.task_id = free.task_id AND q.queue_id = t.queue_id
RETURNING t.lease_epoch, t.reserved_until, free.reserved_by;
