-- task_context: everything about tasks that is not about the person.
-- Params   $1 buckets, $2 task_ids (arrays of one length)
-- Returns  the columns of enum context_col (campaigns/task_gate_store.c), in that order
-- Locking  the task rows FOR UPDATE, in key order, after guard, permission and number
SELECT t.state, t.customer_id, t.point_id, t.channel, t.handler, t.purpose, t.product,
       t.script, t.script_version, t.step, t.occurrence, t.priority, t.value, t.not_before,
       t.not_after, t.lease_epoch, t.offer, t.agent, t.version, t.campaign_id, k.code,
       k.state = 'active', v.approved_by IS NOT NULL,
       coalesce((v.document ->> 'uses_profile')::boolean, false), q.dedupes, p.class,
       p.risk, p.on_sale_from, p.on_sale_to, s.state = 'approved',
       s.body ~ '(智能语音|AI语音|synthetic voice)', d.valid_until,
       encode(d.ruleset_hash, 'hex'), t.number_id, r.lease_epoch, s.body,
       CASE WHEN s.lang LIKE 'en%' THEN p.name_en ELSE p.name_zh END, p.regulator,
       ARRAY(SELECT jsonb_array_elements_text(v.document -> 'sensitive')),
       t.queue_id, t.task_id, r.claim_id
  FROM unnest($1::bigint[], $2::text[]) AS x (bucket, task_id)
  JOIN task t ON t.bucket = x.bucket::smallint AND t.task_id = x.task_id::uuid
  JOIN campaign k USING (campaign_id)
  JOIN campaign_version v ON v.campaign_id = t.campaign_id AND v.version = t.version
  JOIN queue q ON q.queue_id = t.queue_id
  LEFT JOIN product p ON p.code = t.product
  LEFT JOIN script s ON s.code = t.script AND s.version = t.script_version
  LEFT JOIN decision d ON d.bucket = t.bucket AND d.decision_id = t.decision_id
  LEFT JOIN task_ready r ON r.bucket = t.bucket AND r.task_id = t.task_id
 ORDER BY t.bucket, t.task_id
   FOR UPDATE OF t;
