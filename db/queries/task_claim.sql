-- task_claim: lease due tasks of a lane of a queue, the best first.
-- Params   $1 queue_id, $2 worker, $3 limit, $4 lease seconds, $5 now (business time),
--          $6 lane: 0 what is new, 1 what was tried before; $7 claim_id, of this call alone
-- Returns  bucket, task_id, epoch
-- Locking  SKIP LOCKED on the narrow hot table; leases on the database's clock
-- Index    task_ready_lane_idx: priority by priority, so that what is not due yet is not read
WITH RECURSIVE level AS (
    (SELECT priority FROM task_ready WHERE queue_id = $1::bigint AND lane = $6::smallint
      ORDER BY priority DESC LIMIT 1)
    UNION ALL
    SELECT (SELECT r.priority FROM task_ready r
             WHERE r.queue_id = $1::bigint AND r.lane = $6::smallint
               AND r.priority < level.priority
             ORDER BY r.priority DESC LIMIT 1)
      FROM level WHERE level.priority IS NOT NULL
), due AS (
    SELECT d.bucket, d.task_id
      FROM level, LATERAL (
           SELECT r.bucket, r.task_id FROM task_ready r
            WHERE r.queue_id = $1::bigint AND r.lane = $6::smallint
              AND r.priority = level.priority AND r.due_at <= $5::timestamptz
              AND (r.lease_until IS NULL OR r.lease_until < clock_timestamp())
            ORDER BY r.due_at, r.task_id LIMIT $3::integer
              FOR UPDATE SKIP LOCKED) AS d
     LIMIT $3::integer
)
UPDATE task_ready r
   SET lease_epoch = r.lease_epoch + 1, claim_id = $7::uuid, worker = $2::text,
       lease_until = clock_timestamp() + $4::bigint * interval '1 second'
  FROM due WHERE r.bucket = due.bucket AND r.task_id = due.task_id
RETURNING r.bucket, r.task_id, r.lease_epoch;
