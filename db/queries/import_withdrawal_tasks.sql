-- import_withdrawal_tasks: tasks that a withdrawal or objection of the batch ended.
-- Params   $1 bucket, $2 withdrawal_id, $3 task ids, $4 how each ended
-- A task's bucket is its id's last byte. An event that was there before has its record, or none.
INSERT INTO withdrawal_task (bucket, withdrawal_id, task_bucket, task_id, ended)
SELECT w.bucket, w.withdrawal_id, get_byte(uuid_send(t.task_id::uuid), 15), t.task_id::uuid,
       t.ended
  FROM withdrawal w, unnest($3::text[], $4::text[]) AS t (task_id, ended)
 WHERE w.bucket = $1::smallint AND w.withdrawal_id = $2::uuid
ON CONFLICT DO NOTHING;
