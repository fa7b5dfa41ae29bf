-- agent_get: may this agent make this call? Who is held is not qualified. A campaign that
-- says nothing of licences wants one to sell.
-- Params   $1 agent, $2 bucket, $3 task_id, $4 now
-- Returns  qualified until, or null; hourly limit; permits of the last hour; the outsourcer
--          whose staff it is, its mandate from, until (nulls: the bank's own staff, none)
SELECT CASE WHEN a.held_at IS NULL THEN (
           SELECT CASE WHEN bool_and(u IS NOT NULL) THEN min(u) END FROM (
               SELECT (SELECT max(l.valid_to) FROM agent_licence l
                        WHERE l.agent_id = a.agent_id AND l.kind = k
                          AND l.valid_from <= $4::timestamptz
                          AND l.valid_to > $4::timestamptz) AS u
                 FROM unnest(coalesce((
                      SELECT ARRAY(SELECT jsonb_array_elements_text(
                                          v.document #> '{step,needs,licences}'))
                        FROM task t
                        JOIN campaign_version v ON v.campaign_id = t.campaign_id
                         AND v.version = t.version
                       WHERE t.bucket = $2::smallint AND t.task_id = $3::uuid
                         AND jsonb_array_length(
                                 v.document #> '{step,needs,licences}') > 0),
                      ARRAY['sales'])) AS k) kinds) END,
       a.hourly_limit,
       CASE WHEN a.hourly_limit > 0 THEN
           (SELECT count(*) FROM permit p WHERE p.agent = a.code
               AND p.granted_at > $4::timestamptz - interval '1 hour') ELSE 0 END,
       o.code, o.mandate_from, o.mandate_until
  FROM agent a
  LEFT JOIN outsourcer o ON o.code = a.outsourcer
 WHERE a.code = $1::text AND a.state = 'active';
