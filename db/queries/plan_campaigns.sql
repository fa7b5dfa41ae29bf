-- plan_campaigns: active campaigns with what their steps name, in the order of priority; or
-- one, in one of its versions, whatever its state.
-- Params   $1 code or null for the active ones, $2 version or null for the active one
-- Returns  campaign_id, code, version, document, queue_id or null, product class or null,
--          product risk, on sale from, to, newest approved script version or null, its
--          text has the synthetic-voice label, since when it is active (null: it is not),
--          that script's text, the product's name in its language, country of the
--          product's regulator or null
SELECT k.campaign_id, k.code, v.version, v.document::text, q.queue_id, p.class, p.risk,
       p.on_sale_from, p.on_sale_to, s.version, s.disclosure,
       CASE WHEN k.state = 'active' THEN coalesce(k.activated_at, k.updated_at) END, s.body,
       CASE WHEN s.lang LIKE 'en%' THEN p.name_en ELSE p.name_zh END, p.regulator
  FROM campaign k
  JOIN campaign_version v ON v.campaign_id = k.campaign_id AND v.version = coalesce($2::integer, k.active_version)
  LEFT JOIN queue q ON q.code = v.document -> 'step' ->> 'queue'
  LEFT JOIN product p ON p.code = v.document ->> 'product'
  LEFT JOIN LATERAL (
       SELECT x.version, x.body, x.lang, x.body ~ '(智能语音|AI语音|synthetic voice)' AS disclosure
         FROM script x WHERE x.code = v.document -> 'step' ->> 'script'
          AND x.state = 'approved' ORDER BY x.version DESC LIMIT 1) s ON true
 WHERE CASE WHEN $1::text IS NULL THEN k.state = 'active' ELSE k.code = $1::text END
 ORDER BY (v.document ->> 'priority')::integer DESC NULLS LAST, k.campaign_id;
