-- retention_due_attempts: contacts: tasks that ended, with all that came of them, whose time is over, and how many of them are held.
-- Params   $1 cutoff, $2 count no more than so many
-- Returns  due and held, held, the oldest that there is or null
-- Index    task_over_idx, permit_task_idx, call_record_task_idx
SELECT count(*), count(*) FILTER (WHERE retention_held(x.bucket, x.customer_id)),
       (SELECT min(updated_at) FROM task WHERE state IN ('done', 'no_contact', 'expired',
            'cancelled', 'recalled', 'blocked', 'failed'))
  FROM (SELECT t.bucket, t.customer_id FROM task t
         WHERE t.state IN ('done', 'no_contact', 'expired', 'cancelled', 'recalled', 'blocked', 'failed')
           AND t.updated_at < $1::timestamptz
           AND NOT EXISTS (SELECT 1 FROM permit m WHERE m.bucket = t.bucket
                              AND m.task_id = t.task_id AND m.granted_at >= $1::timestamptz)
           AND NOT EXISTS (SELECT 1 FROM call_record r WHERE r.bucket = t.bucket
                              AND r.task_id = t.task_id
                              AND (r.started_at >= $1::timestamptz OR r.recording IS NOT NULL))
         ORDER BY t.updated_at LIMIT $2::integer) x;
