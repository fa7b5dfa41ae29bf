-- task_set_unknown: a dispatcher died with the task on the wire to a queue that cannot
-- deduplicate: nobody knows whether it arrived, so it is never sent again by itself.
-- Params   $1 bucket, $2 task_id, $3 now
WITH unready AS (
    DELETE FROM task_ready WHERE bucket = $1::smallint AND task_id = $2::uuid)
UPDATE task SET state = 'unknown', updated_at = $3::timestamptz
 WHERE bucket = $1::smallint AND task_id = $2::uuid AND state = 'sending';
