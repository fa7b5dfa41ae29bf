-- withdrawal_insert: a withdrawal or objection, and the tasks that it ended.
-- Params   $1 bucket, $2 withdrawal_id, $3 customer_id, $4 kind, $5 now, $6 buckets of the
--          tasks, $7 task ids, $8 how each ended
WITH made AS (
    INSERT INTO withdrawal (bucket, withdrawal_id, customer_id, kind, committed_at)
    VALUES ($1::smallint, $2::uuid, $3::bigint, $4::text, $5::timestamptz)
    RETURNING bucket, withdrawal_id
)
INSERT INTO withdrawal_task (bucket, withdrawal_id, task_bucket, task_id, ended)
SELECT m.bucket, m.withdrawal_id, t.bucket, t.task_id::uuid, t.ended
  FROM made m, unnest($6::bigint[], $7::text[], $8::text[]) AS t (bucket, task_id, ended)
ON CONFLICT DO NOTHING;
