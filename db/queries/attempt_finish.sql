-- attempt_finish: how an attempt ended, whoever holds the task now.
-- Params   $1 bucket, $2 task_id, $3 epoch, $4 result, $5 http status or null, $6 detail,
--          $7 now
UPDATE attempt SET finished_at = $7::timestamptz, result = $4::text,
       finished_real = clock_timestamp(),
       http_status = $5::integer, detail = $6::text
 WHERE bucket = $1::smallint AND task_id = $2::uuid AND kind = 'push'
   AND lease_epoch = $3::bigint AND finished_at IS NULL;
