-- export_tasks: a page of tasks that were made in a time.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to
-- Returns  key, then the columns of campaigns/export_store.c
SELECT t.bucket || '|' || t.task_id, t.task_id, t.state, k.code, t.version, c.ref,
       p.phone_mask, q.code, t.agent, t.channel, t.handler, t.purpose, t.product, t.script,
       t.script_version, t.priority, t.not_before, t.not_after, t.callback_at,
       t.decision_id, t.created_at, t.updated_at
  FROM task t
  JOIN customer c ON c.bucket = t.bucket AND c.customer_id = t.customer_id
  JOIN campaign k ON k.campaign_id = t.campaign_id
  JOIN queue q ON q.queue_id = t.queue_id
  LEFT JOIN contact_point p ON p.bucket = t.bucket AND p.point_id = t.point_id
 WHERE (t.bucket, t.task_id)
     > (split_part($1::text, '|', 1)::smallint, split_part($1::text, '|', 2)::uuid)
   AND t.created_at >= $3::timestamptz AND t.created_at < $4::timestamptz
 ORDER BY t.bucket, t.task_id LIMIT $2::bigint;
