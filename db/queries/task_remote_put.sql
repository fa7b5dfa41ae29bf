-- task_remote_put: what the targets call these tasks' offers.
-- Params   $1 buckets, $2 task_ids, $3 remote ids (arrays of one length), $4 now
INSERT INTO task_remote (bucket, task_id, offer, remote_id, noted_at)
SELECT t.bucket, t.task_id, t.offer, x.remote_id, $4::timestamptz
  FROM unnest($1::bigint[], $2::text[], $3::text[]) AS x (bucket, task_id, remote_id)
  JOIN task t ON t.bucket = x.bucket::smallint AND t.task_id = x.task_id::uuid
ON CONFLICT (bucket, task_id, offer) DO UPDATE SET remote_id = excluded.remote_id,
    noted_at = excluded.noted_at;
