-- customer_outcomes: how the last contacts with a customer ended, newest first.
-- Params   $1 bucket, $2 customer_id, $3 limit
-- Returns  recorded_at, task_id, campaign, its names (zh, en), channel, purpose,
--          disposition, its names (zh, en), reached, agent, callback_at
-- Index    task_customer_idx, outcome_task_idx
SELECT o.recorded_at, t.task_id, k.code, v.document #>> '{name,zh}',
       v.document #>> '{name,en}', t.channel, t.purpose, o.disposition, d.name_zh,
       d.name_en, o.reached, o.agent, o.callback_at
  FROM task t
  JOIN outcome o ON o.bucket = t.bucket AND o.task_id = t.task_id
  JOIN campaign k ON k.campaign_id = t.campaign_id
  JOIN campaign_version v ON v.campaign_id = t.campaign_id AND v.version = t.version
  LEFT JOIN disposition d ON d.code = o.disposition
 WHERE t.bucket = $1::smallint AND t.customer_id = $2::bigint
 ORDER BY o.recorded_at DESC, o.outcome_id DESC
 LIMIT $3::integer;
