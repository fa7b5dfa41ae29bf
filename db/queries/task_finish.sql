-- task_finish: what came of a push, if the lease still holds.
-- Params   $1 bucket, $2 task_id, $3 epoch, $4 new state, $5 due again at or null, $6 now
-- Returns  one row; none: the lease was lost or the task was recalled meanwhile
WITH moved AS (
    UPDATE task SET state = $4::text, updated_at = $6::timestamptz
     WHERE bucket = $1::smallint AND task_id = $2::uuid AND lease_epoch = $3::bigint
       AND state = 'sending'
    RETURNING bucket, task_id, customer_id
), gone AS (
    DELETE FROM task_ready r USING moved
     WHERE $5::timestamptz IS NULL AND r.bucket = moved.bucket
       AND r.task_id = moved.task_id
), again AS (
    UPDATE task_ready r SET due_at = $5::timestamptz, lease_until = NULL, worker = NULL
      FROM moved
     WHERE $5::timestamptz IS NOT NULL AND r.bucket = moved.bucket
       AND r.task_id = moved.task_id AND r.lease_epoch = $3::bigint
)
SELECT customer_id FROM moved;
