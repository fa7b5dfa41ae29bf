-- late_contacts: what was done between the instant a withdrawal is effective from and the
-- one it became known at.
-- Params   $1 bucket, $2 customer_id, $3 effective at, $4 now, $5 purpose or '*', $6
--          channel or '*', $7 point_id or null
-- A push that began and of which no end is known may have left: its leave may be lost.
-- Returns  kind (permit, push), id of the decision, task_id, at; oldest first
SELECT 'permit', m.decision_id, m.task_id, m.granted_at
  FROM task t JOIN permit m ON m.bucket = t.bucket AND m.task_id = t.task_id
 WHERE t.bucket = $1::smallint AND t.customer_id = $2::bigint
   AND m.granted_at >= $3::timestamptz AND m.granted_at < $4::timestamptz
   AND $5::text IN ('*', t.purpose) AND $6::text IN ('*', t.channel)
   AND ($7::bigint IS NULL OR t.point_id = $7::bigint)
UNION ALL
SELECT 'push', a.decision_id, a.task_id, a.started_at
  FROM task t JOIN attempt a ON a.bucket = t.bucket AND a.task_id = t.task_id
 WHERE t.bucket = $1::smallint AND t.customer_id = $2::bigint
   AND a.kind = 'push' AND (a.sent_real IS NOT NULL OR a.finished_at IS NULL)
   AND t.handler = 'robot'
   AND a.started_at >= $3::timestamptz AND a.started_at < $4::timestamptz
   AND $5::text IN ('*', t.purpose) AND $6::text IN ('*', t.channel)
   AND ($7::bigint IS NULL OR t.point_id = $7::bigint)
 ORDER BY 4, 3 LIMIT 100;
