-- customer_tasks: what is open about one customer, best first: promised call-backs by their
-- time, then by priority.
-- Params   $1 bucket, $2 customer_id, $3 limit
-- Returns  task_id, state, campaign_id, campaign, version, its names (zh, en), queue, agent
--          or null, purpose, product or null, channel, handler, script, priority, value,
--          not_before, not_after, callback_at or null, promised with or null,
--          uses_profile, kinds of sensitive data
-- Index    task_customer_idx
SELECT t.task_id, t.state, t.campaign_id, k.code, t.version, v.document #>> '{name,zh}',
       v.document #>> '{name,en}', q.code, t.agent, t.purpose, t.product, t.channel,
       t.handler, t.script, t.priority, t.value, t.not_before, t.not_after, t.callback_at,
       t.callback_agent, coalesce((v.document ->> 'uses_profile')::boolean, false),
       ARRAY(SELECT jsonb_array_elements_text(v.document -> 'sensitive'))
  FROM task t
  JOIN task_state s USING (state)
  JOIN campaign k USING (campaign_id)
  JOIN campaign_version v ON v.campaign_id = t.campaign_id AND v.version = t.version
  JOIN queue q ON q.queue_id = t.queue_id
 WHERE t.bucket = $1::smallint AND t.customer_id = $2::bigint AND NOT s.terminal
 ORDER BY t.callback_at NULLS LAST, t.priority DESC, t.task_id
 LIMIT $3::integer;
