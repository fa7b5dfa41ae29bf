-- task_phones: the sealed numbers of tasks, for targets that get them with the task.
-- Params   $1 buckets, $2 task_ids (arrays of one length)
-- Returns  task_id, customer_id, phone_sealed, the customer's wrapped key
SELECT t.task_id, t.customer_id, p.phone_sealed, k.wrapped
  FROM unnest($1::bigint[], $2::text[]) AS x (bucket, task_id)
  JOIN task t ON t.bucket = x.bucket::smallint AND t.task_id = x.task_id::uuid
  JOIN contact_point p ON p.bucket = t.bucket AND p.point_id = t.point_id
  JOIN customer_key k ON k.bucket = t.bucket AND k.customer_id = t.customer_id
 WHERE length(p.phone_sealed) > 0;
