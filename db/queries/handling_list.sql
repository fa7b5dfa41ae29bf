-- handling_list: through whose hands a task went, oldest first.
-- Params   $1 bucket, $2 task_id
-- Returns  at, what, agent, to_agent, to_queue, reason
SELECT at, what, agent, to_agent, to_queue, reason FROM task_handling
 WHERE bucket = $1::smallint AND task_id = $2::uuid ORDER BY step LIMIT 200;
