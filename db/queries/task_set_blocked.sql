-- task_set_blocked: the gate refused for good.
-- Params   $1 bucket, $2 task_id, $3 decision_id, $4 now
WITH unready AS (
    DELETE FROM task_ready WHERE bucket = $1::smallint AND task_id = $2::uuid)
UPDATE task SET state = 'blocked', decision_id = $3::uuid, updated_at = $4::timestamptz
 WHERE bucket = $1::smallint AND task_id = $2::uuid;
