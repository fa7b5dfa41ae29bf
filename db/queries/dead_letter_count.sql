-- dead_letter_count: how many dead letters there are, and how many can go round again: failed,
-- within their window, and taken back by their queue where they may have arrived.
-- Params   $1 queue code or null, $2 campaign code or null, $3 reason or null, $4 now,
--          $5 also those whose recall is open
-- Returns  all, those that can be requeued
SELECT count(*), count(*) FILTER (WHERE t.state = 'failed'
           AND t.not_after > $4::timestamptz
           AND ($5::boolean OR NOT EXISTS (SELECT 1 FROM recall r
               WHERE r.bucket = t.bucket AND r.task_id = t.task_id AND r.done_at IS NULL)))
  FROM task t
  JOIN queue q ON q.queue_id = t.queue_id
  JOIN campaign k ON k.campaign_id = t.campaign_id
 WHERE t.dead_why IS NOT NULL
   AND ($1::text IS NULL OR q.code = $1::text)
   AND ($2::text IS NULL OR k.code = $2::text)
   AND ($3::text IS NULL OR t.dead_why = $3::text);
