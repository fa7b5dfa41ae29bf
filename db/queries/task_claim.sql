-- task_claim: lease due tasks of a queue, the best first.
-- Params   $1 queue_id, $2 worker, $3 limit, $4 lease seconds, $5 now (business time)
-- Returns  bucket, task_id, epoch
-- Locking  SKIP LOCKED on the narrow hot table; leases on the database's clock
-- Index    task_ready_due_idx
WITH due AS (
    SELECT bucket, task_id FROM task_ready
     WHERE queue_id = $1::bigint AND due_at <= $5::timestamptz
       AND (lease_until IS NULL OR lease_until < clock_timestamp())
     ORDER BY priority DESC, due_at, task_id LIMIT $3::integer
       FOR UPDATE SKIP LOCKED
)
UPDATE task_ready r
   SET lease_epoch = r.lease_epoch + 1, worker = $2::text,
       lease_until = clock_timestamp() + $4::bigint * interval '1 second'
  FROM due WHERE r.bucket = due.bucket AND r.task_id = due.task_id
RETURNING r.bucket, r.task_id, r.lease_epoch;
