-- dead_letter_list: tasks that ended without having been taken, the newest first.
-- Params   $1 task_id or null, $2 queue code or null, $3 campaign code or null, $4 reason or
--          null, $5 ended before this instant, $6 and this task_id, $7 limit
-- Returns  task_id, queue, campaign, state, reason, tries, offer, http status of the last
--          try or 0, what was said, ended at, window until, is its recall open?
-- Index    task_dead_idx
SELECT t.task_id, q.code, k.code, t.state, t.dead_why, t.tries, t.offer,
       coalesce(a.http_status, 0), a.detail, t.updated_at, t.not_after,
       EXISTS (SELECT 1 FROM recall r WHERE r.bucket = t.bucket AND r.task_id = t.task_id
           AND r.done_at IS NULL)
  FROM task t
  JOIN queue q ON q.queue_id = t.queue_id
  JOIN campaign k ON k.campaign_id = t.campaign_id
  LEFT JOIN LATERAL (SELECT x.http_status, x.detail FROM attempt x
        WHERE x.bucket = t.bucket AND x.task_id = t.task_id AND x.kind = 'push'
        ORDER BY x.lease_epoch DESC LIMIT 1) AS a ON true
 WHERE t.dead_why IS NOT NULL
   AND ($1::uuid IS NULL OR t.task_id = $1::uuid)
   AND ($2::text IS NULL OR q.code = $2::text)
   AND ($3::text IS NULL OR k.code = $3::text)
   AND ($4::text IS NULL OR t.dead_why = $4::text)
   AND (t.updated_at, t.task_id) < ($5::timestamptz, $6::uuid)
 ORDER BY t.updated_at DESC, t.task_id DESC LIMIT $7::bigint;
