-- task_finish: what came of pushes, for each whose lease still holds.
-- Params   $1 buckets, $2 task_ids, $3 epochs, $4 new states, $5 due again at, in
--          microseconds since 1970, or -1, $6 results, $7 http statuses or 0, $8 details or
--          '', $9 1 where a try counts, else 0; $10 now; $11 decision_ids (arrays of one length
--          but for $10)
-- Returns  task_id, state now, epoch, decision_id; none where the lease was lost or the task was recalled
--          meanwhile: its attempt is noted all the same
-- Locking  task rows in key order, then their hot rows
-- The epoch alone does not say whose it is: after a crash of the database another claim may
-- have the same one (decision 0052). The decision it left with does.
-- A task whose tries are used up is a dead letter; it may have arrived, so it is recalled.
WITH ended AS (
    SELECT x.bucket::smallint AS bucket, x.task_id::uuid AS task_id, x.epoch, x.state,
           CASE WHEN x.due >= 0 THEN 'epoch'::timestamptz
                + x.due * interval '1 microsecond' END AS due,
           x.result, nullif(x.http, 0)::integer AS http, nullif(x.detail, '') AS detail,
           x.counts = 1 AS counts, x.decision_id::uuid AS decision_id
      FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bigint[],
                  $6::text[], $7::bigint[], $8::text[], $9::bigint[], $11::text[])
           AS x (bucket, task_id, epoch, state, due, result, http, detail, counts,
                 decision_id)
), held AS (
    SELECT t.bucket, t.task_id, e.epoch, e.due, e.counts,
           CASE WHEN e.due IS NOT NULL AND e.counts AND t.tries >= q.tries_max
                THEN 'tries' WHEN e.state = 'failed' THEN 'refused' END AS dead,
           e.state
      FROM ended e
      JOIN task t ON t.bucket = e.bucket AND t.task_id = e.task_id
      JOIN queue q ON q.queue_id = t.queue_id
     WHERE t.lease_epoch = e.epoch AND t.state = 'sending'
       AND t.decision_id = e.decision_id
     ORDER BY t.bucket, t.task_id
       FOR UPDATE OF t
), moved AS (
    UPDATE task t
       SET state = CASE h.dead WHEN 'tries' THEN 'failed' ELSE h.state END,
           dead_why = h.dead, updated_at = $10::timestamptz
      FROM held h WHERE t.bucket = h.bucket AND t.task_id = h.task_id
    RETURNING t.bucket, t.task_id, t.queue_id, t.state, h.dead, h.due, h.epoch, h.counts,
              t.decision_id
), gone AS (
    DELETE FROM task_ready r USING moved m
     WHERE (m.due IS NULL OR m.dead IS NOT NULL) AND r.bucket = m.bucket
       AND r.task_id = m.task_id
), again AS (
    UPDATE task_ready r
       SET due_at = m.due, lane = CASE WHEN m.counts THEN 1 ELSE r.lane END,
           lease_until = NULL, worker = NULL
      FROM moved m
     WHERE m.due IS NOT NULL AND m.dead IS NULL AND r.bucket = m.bucket
       AND r.task_id = m.task_id AND r.lease_epoch = m.epoch
), noted AS (
    UPDATE attempt a
       SET finished_at = $10::timestamptz, finished_real = clock_timestamp(),
           result = e.result, http_status = e.http, detail = e.detail
      FROM ended e
     WHERE a.bucket = e.bucket AND a.task_id = e.task_id AND a.kind = 'push'
       AND a.lease_epoch = e.epoch AND a.decision_id = e.decision_id
       AND a.finished_at IS NULL
), asked AS (
    INSERT INTO recall (bucket, task_id, queue_id, reason, asked_at)
    SELECT bucket, task_id, queue_id, 'ended: failed', $10::timestamptz
      FROM moved WHERE dead = 'tries'
    ON CONFLICT DO NOTHING
)
SELECT task_id, state, epoch, decision_id FROM moved;
