-- withdrawal_lags: how soon the withdrawals of the last hour became effective.
-- Params   none
-- Returns  withdrawals, those with a push on the wire now, recalls open, age of the oldest
--          of them in seconds, microseconds from commit to effect: median, 99 of 100, most
WITH w AS (
    SELECT bucket, withdrawal_id, committed_real FROM withdrawal
     WHERE committed_real > clock_timestamp() - interval '1 hour'
), push AS (
    SELECT w.bucket, w.withdrawal_id,
           max(coalesce(a.finished_real,
               a.begun_real + (q.timeout_ms + 22000) * interval '1 millisecond')) AS over
      FROM w
      JOIN withdrawal_task wt USING (bucket, withdrawal_id)
      JOIN task t ON t.bucket = wt.task_bucket AND t.task_id = wt.task_id
      JOIN queue q ON q.queue_id = t.queue_id
      JOIN attempt a ON a.bucket = t.bucket AND a.task_id = t.task_id
                    AND a.kind = 'push' AND a.begun_real <= w.committed_real
     WHERE wt.ended = 'recalled'
     GROUP BY w.bucket, w.withdrawal_id
), lag AS (
    SELECT p.over > clock_timestamp() AS pending, CASE WHEN p.over > w.committed_real
               THEN extract(epoch FROM p.over - w.committed_real) ELSE 0 END AS sec
      FROM w LEFT JOIN push p USING (bucket, withdrawal_id)
)
SELECT count(*), count(*) FILTER (WHERE pending),
       (SELECT count(*) FROM recall WHERE done_at IS NULL),
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(asked_real)), 0)::bigint
          FROM recall WHERE done_at IS NULL),
       coalesce(1000000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY sec)
           FILTER (WHERE pending IS NOT TRUE), 0)::bigint,
       coalesce(1000000 * percentile_cont(0.99) WITHIN GROUP (ORDER BY sec)
           FILTER (WHERE pending IS NOT TRUE), 0)::bigint,
       coalesce(1000000 * max(sec) FILTER (WHERE pending IS NOT TRUE), 0)::bigint
  FROM lag;
