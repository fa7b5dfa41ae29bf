-- agent_read: agents with what they have in hand, without the lists of their profiles.
-- Params   $1 code or null, $2 queue or null, $3 after this code or null, $4 now, $5 limit
-- Returns  agent_id, code, kind, home queue, zone, capacity, hourly_limit, left, held,
--          presence, presence_at, idle_since, wrap_until, tasks in hand, permits of the last
--          hour (0 without a limit); by code
-- Index    task_agent_idx, task_reserved_idx, permit_agent_idx
SELECT a.agent_id, a.code, a.kind, q.code, a.zone, a.capacity, a.hourly_limit,
       a.state = 'left', a.held_at IS NOT NULL, a.presence, a.presence_at, a.idle_since,
       a.wrap_until,
       (SELECT count(*) FROM task t
         WHERE t.agent = a.code AND t.state IN ('accepted', 'in_progress'))
     + (SELECT count(*) FROM task r WHERE r.reserved_by = a.code AND r.state = 'queued'
           AND r.reserved_until > $4::timestamptz),
       CASE WHEN a.hourly_limit > 0 THEN
           (SELECT count(*) FROM permit p WHERE p.agent = a.code
               AND p.granted_at > $4::timestamptz - interval '1 hour') ELSE 0 END
  FROM agent a
  JOIN queue q USING (queue_id)
 WHERE ($1::text IS NULL OR a.code = $1::text)
   AND ($2::text IS NULL OR q.code = $2::text
        OR EXISTS (SELECT 1 FROM agent_queue f JOIN queue o ON o.queue_id = f.queue_id
                    WHERE f.agent_id = a.agent_id AND o.code = $2::text))
   AND ($3::text IS NULL OR a.code > $3::text)
 ORDER BY a.code
 LIMIT $5::integer;
