-- callback_list: call-backs that were promised, by their time.
-- Params   $1 queue or null, $2 agent or null: promised with that one or with anybody,
--          $3 state or null, $4 now, $5 after this time or null, $6 after this task,
--          $7 limit
-- Returns  task_id, customer ref, queue, promised with or null, callback_at, until, task's
--          state, state of the call-back
-- Index    task_callback_idx
SELECT task_id, ref, queue, callback_agent, callback_at, not_after, task_state, state FROM (
    SELECT t.task_id, c.ref, q.code AS queue, t.callback_agent, t.callback_at, t.not_after,
           t.state AS task_state,
           CASE WHEN EXISTS (SELECT 1 FROM permit p WHERE p.bucket = t.bucket
                    AND p.task_id = t.task_id AND p.granted_at >= t.callback_at) THEN 'kept'
                WHEN s.terminal OR t.not_after <= $4::timestamptz THEN 'missed'
                WHEN t.callback_at <= $4::timestamptz THEN 'due'
                ELSE 'open' END AS state
      FROM task t
      JOIN task_state s USING (state)
      JOIN queue q USING (queue_id)
      JOIN customer c ON c.bucket = t.bucket AND c.customer_id = t.customer_id
     WHERE t.callback_at IS NOT NULL
       AND ($1::text IS NULL OR q.code = $1::text)
       AND ($2::text IS NULL OR t.callback_agent IS NULL OR t.callback_agent = $2::text)
       AND ($5::timestamptz IS NULL
            OR (t.callback_at, t.task_id) > ($5::timestamptz, $6::uuid))) x
 WHERE $3::text IS NULL OR state = $3::text
 ORDER BY callback_at, task_id
 LIMIT $7::integer;
