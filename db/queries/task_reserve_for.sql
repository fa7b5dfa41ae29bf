-- task_reserve_for: a task that was handed over waits for the one it was handed to.
-- Params   $1 bucket, $2 task_id, $3 agent, $4 now
UPDATE task AS t SET reserved_by = $3::text, reserved_until = least(t.not_after,
       $4::timestamptz + q.reserve_sec * interval '1 second')
  FROM queue q
 WHERE t.bucket = $1::smallint AND t.task_id = $2::uuid AND t.state = 'queued'
   AND q.queue_id = t.queue_id;
