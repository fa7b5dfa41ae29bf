-- push_begin: which of these pushes may leave now? They are on the wire from now on.
-- Params   $1 buckets, $2 task_ids, $3 epochs, $4 decision_ids (arrays of one length)
-- Returns  task_id, decision_id of each that may; not: the task ended, is about to, or its number was
--          suspended
-- Locking  the task rows FOR SHARE, until the requests have been handed over: whoever ends a
--          task commits before or waits. SKIP LOCKED: who holds it is ending it
WITH held AS (
    SELECT t.bucket, t.task_id, t.lease_epoch, t.decision_id
      FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[])
           AS x (bucket, task_id, epoch, decision_id)
      JOIN task t ON t.bucket = x.bucket::smallint AND t.task_id = x.task_id::uuid
     WHERE t.lease_epoch = x.epoch AND t.state = 'sending'
       AND t.decision_id = x.decision_id::uuid
       AND EXISTS (SELECT 1 FROM caller_number n
                    WHERE n.number_id = t.number_id AND n.status = 'active')
       FOR SHARE OF t SKIP LOCKED
)
UPDATE attempt a SET sent_real = clock_timestamp()
  FROM held
 WHERE a.bucket = held.bucket AND a.task_id = held.task_id AND a.kind = 'push'
   AND a.lease_epoch = held.lease_epoch AND a.finished_at IS NULL
RETURNING a.task_id, held.decision_id;
