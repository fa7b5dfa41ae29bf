-- recall_open: recalls that have to reach a queue; a push still on the wire goes first.
-- Params   $1 limit, $2 queues that can be told now, null: all (one that cannot holds up no other)
-- Returns  bucket, task_id, queue_id, reason, tries, offer, what the target calls it or null
-- An attempt without an end whose lease ran out belongs to a dispatcher that died.
SELECT r.bucket, r.task_id, r.queue_id, r.reason, r.tries, t.offer, m.remote_id
  FROM recall r
  JOIN task t ON t.bucket = r.bucket AND t.task_id = r.task_id
  LEFT JOIN task_remote m ON m.bucket = t.bucket AND m.task_id = t.task_id
       AND m.offer = t.offer
 WHERE ($2::bigint[] IS NULL OR r.queue_id = ANY ($2::bigint[])) AND r.done_at IS NULL AND r.next_try <= clock_timestamp()
   AND NOT EXISTS (SELECT 1 FROM attempt a
        WHERE a.bucket = r.bucket AND a.task_id = r.task_id AND a.kind = 'push'
          AND a.finished_at IS NULL AND a.begun_real > clock_timestamp() - interval '60 seconds')
 ORDER BY r.asked_at, r.task_id LIMIT $1::integer;
