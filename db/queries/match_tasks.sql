-- match_tasks: what an agent could be given next: of each of the agent's queues the best by
-- age and priority and those that wait longest, and what was promised to the agent.
-- Params   $1 agent, $2 now, $3 presence at least so new, $4 task_id or null: just this one,
--          whoever may have it; $5 its bucket
-- Returns  task_id, queue, robot, elderly, skills, levels, languages, licences, priority,
--          waiting since, call-back at, its agent, manager who is there, who spoke last,
--          seconds for the manager
-- Index    task_offer_idx, task_waiting_idx, task_promised_idx
WITH mine AS (
    SELECT a.queue_id FROM agent a WHERE a.code = $1::text AND $4::uuid IS NULL
    UNION
    SELECT f.queue_id FROM agent a JOIN agent_queue f USING (agent_id)
     WHERE a.code = $1::text AND $4::uuid IS NULL
), found AS (
    SELECT x.bucket, x.task_id FROM mine m CROSS JOIN LATERAL (
        SELECT t.bucket, t.task_id FROM task t
         WHERE t.queue_id = m.queue_id AND t.state = 'queued'
           AND t.not_after > $2::timestamptz
           AND (t.reserved_by IS NULL OR t.reserved_until <= $2::timestamptz)
         ORDER BY t.elderly DESC, t.priority DESC LIMIT 200) x
    UNION
    SELECT x.bucket, x.task_id FROM mine m CROSS JOIN LATERAL (
        SELECT t.bucket, t.task_id FROM task t
         WHERE t.queue_id = m.queue_id AND t.state = 'queued'
           AND t.not_after > $2::timestamptz
           AND (t.reserved_by IS NULL OR t.reserved_until <= $2::timestamptz)
         ORDER BY t.not_before LIMIT 100) x
    UNION
    SELECT t.bucket, t.task_id FROM task t
     WHERE t.callback_agent = $1::text AND t.state = 'queued' AND $4::uuid IS NULL
       AND t.not_after > $2::timestamptz
       AND (t.reserved_by IS NULL OR t.reserved_until <= $2::timestamptz)
    UNION
    SELECT $5::smallint, $4::uuid WHERE $4::uuid IS NOT NULL
)
SELECT t.task_id, q.code, t.handler = 'robot', t.elderly,
       ARRAY(SELECT s ->> 'code' FROM jsonb_array_elements(n.needs -> 'skills') s),
       ARRAY(SELECT s ->> 'level' FROM jsonb_array_elements(n.needs -> 'skills') s),
       ARRAY(SELECT jsonb_array_elements_text(n.needs -> 'languages')),
       CASE WHEN n.needs -> 'licences' IS NOT NULL
            THEN ARRAY(SELECT jsonb_array_elements_text(n.needs -> 'licences'))
            WHEN t.purpose = 'MARKETING' AND t.handler = 'agent' THEN ARRAY['sales']
            ELSE ARRAY[]::text[] END,
       t.priority, greatest(t.not_before, t.created_at), t.callback_at, t.callback_agent,
       (SELECT m.code FROM agent m
         WHERE m.code = c.manager AND m.state = 'active' AND m.held_at IS NULL
           AND m.presence = 'available' AND m.presence_at > $3::timestamptz
           AND (m.queue_id = t.queue_id OR EXISTS (SELECT 1 FROM agent_queue f
                WHERE f.agent_id = m.agent_id AND f.queue_id = t.queue_id))),
       s.agent, q.manager_first_sec
  FROM found
  JOIN task t USING (bucket, task_id)
  JOIN queue q ON q.queue_id = t.queue_id
  JOIN customer c ON c.bucket = t.bucket AND c.customer_id = t.customer_id
  JOIN campaign_version v ON v.campaign_id = t.campaign_id AND v.version = t.version
  LEFT JOIN customer_agent s ON s.bucket = t.bucket AND s.customer_id = t.customer_id
 CROSS JOIN LATERAL (SELECT v.document #> '{step,needs}' AS needs) n;
