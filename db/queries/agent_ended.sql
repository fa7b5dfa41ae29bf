-- agent_ended: an agent is done with a contact, and wraps up.
-- Params   $1 agent, $2 now, $3 bucket, $4 task_id
-- Locking  the agent, after the task
UPDATE agent AS a SET idle_since = $2::timestamptz,
       wrap_until = $2::timestamptz + q.wrap_sec * interval '1 second'
  FROM task t JOIN queue q USING (queue_id)
 WHERE a.code = $1::text AND t.bucket = $3::smallint AND t.task_id = $4::uuid;
