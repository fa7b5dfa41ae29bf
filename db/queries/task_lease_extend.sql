-- task_lease_extend: the heartbeat of what a dispatcher has in its hands.
-- Params   $1 buckets, $2 task_ids, $3 epochs, $4 claim_ids (arrays of one length), $5 lease
--          seconds
-- Returns  task_id, claim_id of each lease that still holds
-- Locking  hot rows in key order
WITH mine AS (
    SELECT r.bucket, r.task_id
      FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[])
           AS x (bucket, task_id, epoch, claim_id)
      JOIN task_ready r ON r.bucket = x.bucket::smallint AND r.task_id = x.task_id::uuid
       AND r.lease_epoch = x.epoch
       AND r.claim_id = x.claim_id::uuid
     WHERE r.lease_until IS NOT NULL
     ORDER BY r.bucket, r.task_id
       FOR UPDATE OF r
)
UPDATE task_ready r
   SET lease_until = clock_timestamp() + $5::bigint * interval '1 second'
  FROM mine WHERE r.bucket = mine.bucket AND r.task_id = mine.task_id
RETURNING r.task_id, r.claim_id;
