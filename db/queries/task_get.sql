-- task_get: one task as an agent's screen shows it.
-- Params   $1 bucket, $2 task_id
-- Returns  the columns of view_from (campaigns/task_agent_store.c)
SELECT t.bucket, t.task_id, t.state, t.customer_id, c.ref, c.name_mask, p.phone_mask,
       k.code, v.document -> 'name' ->> 'zh', v.document -> 'name' ->> 'en', t.version,
       q.code, t.agent, t.channel, t.handler, t.purpose, t.product, s.stage, t.script,
       t.script_version, t.priority, n.number, c.risk_rating, c.dob, t.not_before,
       t.not_after, t.updated_at, t.callback_at, t.decision_id, t.lease_epoch
  FROM task t
  JOIN customer c ON c.bucket = t.bucket AND c.customer_id = t.customer_id
  JOIN contact_point p ON p.bucket = t.bucket AND p.point_id = t.point_id
  JOIN campaign k USING (campaign_id)
  JOIN campaign_version v ON v.campaign_id = t.campaign_id AND v.version = t.version
  JOIN queue q ON q.queue_id = t.queue_id
  LEFT JOIN caller_number n ON n.number_id = t.number_id
  LEFT JOIN LATERAL (SELECT stage FROM customer_stage x WHERE x.bucket = t.bucket
       AND x.customer_id = t.customer_id ORDER BY entered_at DESC LIMIT 1) s ON true
 WHERE t.bucket = $1::smallint AND t.task_id = $2::uuid;
