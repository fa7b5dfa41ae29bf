-- push_begin: may this push leave now? Then it is on the wire from now on.
-- Params   $1 bucket, $2 task_id, $3 epoch
-- Returns  one row; none: the task ended, is about to, or its number was suspended
-- Locking  the task row FOR SHARE, until the request has been handed over: whoever ends the
--          task commits before or waits. SKIP LOCKED: who holds it is ending it
WITH held AS (
    SELECT t.bucket, t.task_id, t.lease_epoch
      FROM task t
     WHERE t.bucket = $1::smallint AND t.task_id = $2::uuid
       AND t.lease_epoch = $3::bigint AND t.state = 'sending'
       AND EXISTS (SELECT 1 FROM caller_number n
                    WHERE n.number_id = t.number_id AND n.status = 'active')
       FOR SHARE OF t SKIP LOCKED
)
UPDATE attempt a SET sent_real = clock_timestamp()
  FROM held
 WHERE a.bucket = held.bucket AND a.task_id = held.task_id AND a.kind = 'push'
   AND a.lease_epoch = held.lease_epoch AND a.finished_at IS NULL
RETURNING a.task_id;
