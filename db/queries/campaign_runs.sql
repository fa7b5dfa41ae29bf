-- campaign_runs: the newest runs, and how their audiences fell out.
-- Params   $1 campaign code or null, $2 limit of runs
-- Returns  run_id, campaign, version, as_of, started_at, finished_at, scope, audience,
--          undecided, fate, code, count, held_trait, held_code, held_measured,
--          held_allowed, held_rule; one row a reason, reasons of a run together
SELECT r.run_id, k.code, r.version, r.as_of, r.started_at, r.finished_at, r.scope,
       r.audience, r.undecided, x.fate, x.code, x.count,
       r.held_trait, r.held_code, r.held_measured, r.held_allowed, r.held_rule
  FROM (SELECT cr.* FROM campaign_run cr JOIN campaign c USING (campaign_id)
         WHERE $1::text IS NULL OR c.code = $1::text
         ORDER BY cr.as_of DESC, cr.started_at DESC, cr.run_id LIMIT $2::integer) r
  JOIN campaign k USING (campaign_id)
  LEFT JOIN campaign_run_reason x ON x.run_id = r.run_id
 ORDER BY r.as_of DESC, r.started_at DESC, r.run_id, x.fate, x.count DESC, x.code;
