-- agent_parts: the lists of agents' profiles, one row an entry.
-- Params   $1 agent ids
-- Returns  agent_id, which list, two texts, three numbers, two instants, a day
SELECT f.agent_id, 'queue' AS part, q.code AS a, NULL::text AS b, 0 AS n, 0 AS m, 0 AS k,
       NULL::timestamptz AS s, NULL::timestamptz AS e, NULL::date AS d
  FROM agent_queue f JOIN queue q USING (queue_id) WHERE f.agent_id = ANY ($1::bigint[])
UNION ALL
SELECT agent_id, 'skill', code, NULL, level, 0, 0, NULL, NULL, NULL
  FROM agent_skill WHERE agent_id = ANY ($1::bigint[])
UNION ALL
SELECT agent_id, 'language', lang, NULL, 0, 0, 0, NULL, NULL, NULL
  FROM agent_language WHERE agent_id = ANY ($1::bigint[])
UNION ALL
SELECT agent_id, 'licence', kind, number, 0, 0, 0, valid_from, valid_to, NULL
  FROM agent_licence WHERE agent_id = ANY ($1::bigint[])
UNION ALL
SELECT agent_id, 'shift', NULL, NULL, weekday, from_min, to_min, NULL, NULL, NULL
  FROM agent_shift WHERE agent_id = ANY ($1::bigint[])
UNION ALL
SELECT agent_id, 'exception', NULL, NULL, 0, from_min, to_min, NULL, NULL, on_day
  FROM agent_exception WHERE agent_id = ANY ($1::bigint[])
 ORDER BY 1, 2, 10, 5, 6, 3, 4;
