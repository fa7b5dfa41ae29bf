-- task_reserved_for: the task that an agent has reserved and not accepted yet.
-- Params   $1 agent, $2 now
-- Returns  task_id, fence, reserved until
-- Index    task_reserved_idx
SELECT task_id, lease_epoch, reserved_until FROM task
 WHERE reserved_by = $1::text AND state = 'queued' AND reserved_until > $2::timestamptz
   AND not_after > $2::timestamptz
 ORDER BY reserved_until, task_id LIMIT 1;
