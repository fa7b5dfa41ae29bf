-- task_end: a task that came to its end through an outcome.
-- Params   $1 bucket, $2 task_id, $3 state, $4 now
UPDATE task SET state = $3::text, updated_at = $4::timestamptz
 WHERE bucket = $1::smallint AND task_id = $2::uuid;
