-- retention_due_calls: records of calls that nobody of ours had allowed, whose time is over, and how many of them are held.
-- Params   $1 cutoff, $2 count no more than so many
-- Returns  due and held, held, the oldest that there is or null
-- Index    call_record_time_idx, call_record_fate_idx
SELECT count(*), 0::bigint,
       (SELECT min(started_at) FROM call_record WHERE fate = 'unmatched')
  FROM (SELECT 1 FROM call_record r
         WHERE r.task_id IS NULL AND r.recording IS NULL AND r.started_at < $1::timestamptz
         ORDER BY r.started_at LIMIT $2::integer) x;
