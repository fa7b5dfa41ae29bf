-- review_task: what a task was done with.
-- Params   $1 bucket, $2 task_id
-- Returns  script, script version, number_id, the number's status, the script's state
SELECT t.script, t.script_version, t.number_id, n.status, s.state
  FROM task t
  LEFT JOIN caller_number n ON n.number_id = t.number_id
  LEFT JOIN script s ON s.code = t.script AND s.version = t.script_version
 WHERE t.bucket = $1::smallint AND t.task_id = $2::uuid;
