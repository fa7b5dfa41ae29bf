-- task_release: an agent gives a task back.
-- Params   $1 bucket, $2 task_id, $3 agent, $4 now
-- Returns  one row; none: the agent does not have it
UPDATE task SET state = 'queued', agent = NULL, updated_at = $4::timestamptz
 WHERE bucket = $1::smallint AND task_id = $2::uuid AND state = 'accepted'
   AND agent = $3::text
RETURNING task_id;
