-- recall_finish: a recall was answered, or has to be tried again.
-- Params   $1 bucket, $2 task_id, $3 acknowledged, $4 now, $5 offer that was taken back
-- Returns  task_id; no row where the recall is another's by now: a person closed this one, and
--          the task went round again
UPDATE recall SET tries = tries + 1,
       done_at = CASE WHEN $3::boolean THEN $4::timestamptz END,
       done_real = CASE WHEN $3::boolean THEN clock_timestamp() END,
       next_try = clock_timestamp() + least(60, power(2, least(tries, 6))) * interval '1 second'
 WHERE bucket = $1::smallint AND task_id = $2::uuid AND done_at IS NULL
   AND EXISTS (SELECT 1 FROM task t WHERE t.bucket = recall.bucket
                  AND t.task_id = recall.task_id AND t.offer = $5::integer)
RETURNING task_id;
