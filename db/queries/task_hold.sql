-- task_hold: the tasks of a batch, as far as nobody else has them.
-- Params   $1 buckets, $2 task_ids (arrays of one length)
-- Returns  task_id of each that is held
-- Locking  task rows FOR UPDATE in key order, after guard, permission and number; SKIP LOCKED:
--          who holds one is ending it
SELECT t.task_id
  FROM unnest($1::bigint[], $2::text[]) AS x (bucket, task_id)
  JOIN task t ON t.bucket = x.bucket::smallint AND t.task_id = x.task_id::uuid
 ORDER BY t.bucket, t.task_id
   FOR UPDATE OF t SKIP LOCKED;
