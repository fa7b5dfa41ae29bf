-- facts_feeds: what other systems report about a contact of a campaign, and what its document
-- and its product say.
-- Params   $1 campaign, $2 queue_id, $3 script, $4 its version, $5 now, $6 version of the
--          campaign, $7 product or null
-- Returns  an impact assessment of the campaign is in force, what the recorders of the queue
--          say (ok: one that spoke lately records; failed: none that spoke does; null:
--          none spoke), the clip of the script's label or null; stage, subject and mode of
--          dialling of the document, or null; the product's sale is recorded with picture,
--          is for qualified investors alone, least amount or null
SELECT EXISTS (SELECT 1 FROM assessment a
                WHERE a.campaigns @> ARRAY[$1::text] AND a.kind = 'impact'
                  AND a.approved_by IS NOT NULL AND a.withdrawn_by IS NULL
                  AND a.valid_from <= $5::timestamptz AND a.valid_to > $5::timestamptz),
       (SELECT CASE WHEN bool_or(r.state = 'ok') THEN 'ok' WHEN count(*) > 0 THEN 'failed' END
          FROM recorder r
         WHERE (r.queues = '{}' OR (SELECT q.code FROM queue q WHERE q.queue_id = $2::bigint)
                = ANY (r.queues))
           AND r.reported_at > $5::timestamptz - r.max_age_sec * interval '1 second'),
       (SELECT c.clip FROM script_clip c WHERE c.script = $3::text
           AND c.version = $4::integer ORDER BY c.clip_id DESC LIMIT 1),
       v.document ->> 'stage', v.document ->> 'subject',
       v.document -> 'step' ->> 'dial_mode',
       coalesce(p.dual_recording, false), coalesce(p.qualified_only, false), p.min_amount
  FROM (VALUES (1)) one
  LEFT JOIN (campaign k JOIN campaign_version v USING (campaign_id))
    ON k.code = $1::text AND v.version = $6::integer
  LEFT JOIN product p ON p.code = $7::text;
