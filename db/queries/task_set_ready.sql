-- task_set_ready: a claimed task is in the hands of a dispatcher.
-- Params   $1 bucket, $2 task_id, $3 epoch, $4 now
UPDATE task SET state = 'ready', lease_epoch = $3::bigint, updated_at = $4::timestamptz
 WHERE bucket = $1::smallint AND task_id = $2::uuid
   AND state IN ('planned', 'ready', 'sending');
