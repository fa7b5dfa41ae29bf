-- withdrawal_get: a withdrawal or objection and its two times.
-- Params   $1 bucket, $2 withdrawal_id
-- Returns  customer_id, kind, committed_at, tasks cancelled, tasks recalled, pushes still on
--          the wire, recalls still open, microseconds from the commit until the last push
--          had ended, and until the last recall was answered (both 0 when there was none)
-- A push without an end is on the wire until its time and its lease are over: a dispatcher
-- that died holds no connection for longer.
WITH w AS (
    SELECT * FROM withdrawal WHERE bucket = $1::smallint AND withdrawal_id = $2::uuid
), ended AS (
    SELECT wt.* FROM withdrawal_task wt JOIN w USING (bucket, withdrawal_id)
), push AS (
    SELECT coalesce(a.finished_real,
               a.begun_real + (q.timeout_ms + 22000) * interval '1 millisecond') AS over
      FROM ended e
      JOIN task t ON t.bucket = e.task_bucket AND t.task_id = e.task_id
      JOIN queue q ON q.queue_id = t.queue_id
      JOIN attempt a ON a.bucket = e.task_bucket AND a.task_id = e.task_id
                    AND a.kind = 'push'
      JOIN w ON a.begun_real <= w.committed_real
     WHERE e.ended = 'recalled'
), back AS (
    SELECT r.done_at, r.done_real FROM ended e
      JOIN recall r ON r.bucket = e.task_bucket AND r.task_id = e.task_id
     WHERE e.ended = 'recalled'
)
SELECT w.customer_id, w.kind, w.committed_at,
       (SELECT count(*) FROM ended WHERE ended = 'cancelled'),
       (SELECT count(*) FROM ended WHERE ended = 'recalled'),
       (SELECT count(*) FROM push WHERE over > clock_timestamp()),
       (SELECT count(*) FROM back WHERE done_at IS NULL),
       coalesce(1000000 * extract(epoch FROM greatest((SELECT max(over) FROM push),
           w.committed_real) - w.committed_real), 0)::bigint,
       coalesce(1000000 * extract(epoch FROM greatest((SELECT max(done_real) FROM back),
           w.committed_real) - w.committed_real), 0)::bigint
  FROM w;
