-- facts_feeds: what other systems report about a contact of a campaign.
-- Params   $1 campaign, $2 queue_id, $3 script, $4 its version, $5 now
-- Returns  an impact assessment of the campaign is in force, what the recorders of the queue
--          say (ok: one that spoke lately records; failed: none that spoke does; null:
--          none spoke), the clip of the script's label or null
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
           AND c.version = $4::integer ORDER BY c.clip_id DESC LIMIT 1);
