-- ready_drop: a hot row whose task is no longer to be dispatched.
-- Params   $1 bucket, $2 task_id, $3 epoch of the claim
DELETE FROM task_ready
 WHERE bucket = $1::smallint AND task_id = $2::uuid AND lease_epoch = $3::bigint;
