-- campaign_held: the active campaigns whose newest run was held back, and since when
-- Params   none
-- Returns  code, version, since (the first run after the last that was not held), held_trait,
--          held_code, held_measured, held_allowed, held_rule
-- Index    campaign_run_campaign_idx
SELECT c.code, r.version,
       (SELECT min(h.as_of) FROM campaign_run h
         WHERE h.campaign_id = c.campaign_id
           AND h.as_of > coalesce((SELECT max(g.as_of) FROM campaign_run g
                                    WHERE g.campaign_id = c.campaign_id
                                      AND g.held_trait IS NULL AND g.held_rule IS NULL),
                                  '-infinity')),
       r.held_trait, r.held_code, r.held_measured, r.held_allowed, r.held_rule
  FROM campaign c
 CROSS JOIN LATERAL (SELECT x.* FROM campaign_run x WHERE x.campaign_id = c.campaign_id
                      ORDER BY x.as_of DESC, x.started_at DESC, x.run_id LIMIT 1) r
 WHERE c.state = 'active' AND (r.held_trait IS NOT NULL OR r.held_rule IS NOT NULL)
 ORDER BY c.code;
