-- review_contacts: the calls of a time, with what puts them into a stratum.
-- Params   $1 from, $2 to, $3 how many calls of an agent count as the first, $4 elder age
-- Returns  permit_id, task_id, agent, elder, reached, marketing, complaint, approved (a
--          person's approval or override let it pass, at whichever gate), one of the
--          agent's first, the customer seemed vulnerable; by permit_id
-- Index    permit_time_idx, permit_agent_idx, outcome_task_idx
SELECT m.permit_id, m.task_id, m.agent,
       coalesce(c.dob + make_interval(years => $4::integer) <= m.granted_at::date, false),
       coalesce(o.reached, false), t.purpose = 'MARKETING',
       coalesce('complaint' = ANY (o.flags), false)
           OR EXISTS (SELECT 1 FROM complaint x WHERE x.task_id = m.task_id
                         AND x.bucket = m.bucket AND x.customer_id = t.customer_id),
       d.codes && ARRAY['OVERRIDE_APPLIED']
           OR EXISTS (SELECT 1 FROM decision e WHERE e.bucket = m.bucket
                         AND e.task_id = m.task_id AND e.decided_at <= m.granted_at
                         AND e.outcome = 'ALLOW' AND 'OVERRIDE_APPLIED' = ANY (e.codes)),
       (SELECT count(*) FROM (SELECT 1 FROM permit e
                               WHERE e.agent = m.agent AND e.granted_at < m.granted_at
                               LIMIT $3::integer) f) < $3::integer,
       coalesce('vulnerable_signal' = ANY (o.flags), false)
  FROM permit m
  JOIN task t ON t.bucket = m.bucket AND t.task_id = m.task_id
  JOIN customer c ON c.bucket = t.bucket AND c.customer_id = t.customer_id
  JOIN decision d ON d.bucket = m.bucket AND d.decision_id = m.decision_id
  LEFT JOIN LATERAL (SELECT o.reached, o.flags FROM outcome o
                      WHERE o.bucket = m.bucket AND o.task_id = m.task_id
                        AND o.permit_id = m.permit_id
                      ORDER BY o.recorded_at DESC LIMIT 1) o ON true
 WHERE m.granted_at >= $1::timestamptz AND m.granted_at < $2::timestamptz
 ORDER BY m.permit_id;
