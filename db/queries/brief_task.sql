-- brief_task: what an agent's brief says of one task, besides the person.
-- Params   $1 bucket, $2 task_id
-- Returns  the columns of enum scaffold_col (campaigns/scaffold_store.h; the script is the
--          task's), then those of enum brief_col (campaigns/brief_store.c), in that order
SELECT t.campaign_id, k.code, t.version, NULL::text, t.queue_id, p.class, p.risk,
       p.on_sale_from, p.on_sale_to, CASE WHEN s.state = 'approved' THEN s.version END,
       s.body ~ '(智能语音|AI语音|synthetic voice)',
       CASE WHEN k.state = 'active' THEN coalesce(k.activated_at, k.updated_at) END, s.body,
       CASE WHEN s.lang LIKE 'en%' THEN p.name_en ELSE p.name_zh END, p.regulator,
       t.customer_id, t.point_id, t.occurrence, v.approved_by IS NOT NULL,
       coalesce((v.document ->> 'uses_profile')::boolean, false),
       ARRAY(SELECT jsonb_array_elements_text(v.document -> 'sensitive')),
       v.document ->> 'description', v.document #>> '{trigger,on}',
       coalesce(v.document #>> '{trigger,segment}', v.document #>> '{trigger,stage}',
           v.document #>> '{trigger,trait}', v.document #>> '{trigger,kind}'),
       t.created_at, s.lang, t.reserved_by, t.reserved_until, t.channel, t.handler, t.purpose,
       t.product, t.script, t.script_version
  FROM task t
  JOIN campaign k USING (campaign_id)
  JOIN campaign_version v ON v.campaign_id = t.campaign_id AND v.version = t.version
  LEFT JOIN product p ON p.code = t.product
  LEFT JOIN script s ON s.code = t.script AND s.version = t.script_version
 WHERE t.bucket = $1::smallint AND t.task_id = $2::uuid;
