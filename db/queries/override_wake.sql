-- override_wake: tasks of a customer that wait for a person are looked at again now.
-- Params   $1 bucket, $2 customer_id, $3 campaign_id or null for all, $4 now
-- Locking  hot rows, after the customer's permissions
UPDATE task_ready r SET due_at = $4::timestamptz
  FROM task t
  JOIN decision d ON d.bucket = t.bucket AND d.decision_id = t.decision_id
 WHERE t.bucket = $1::smallint AND t.customer_id = $2::bigint
   AND ($3::bigint IS NULL OR t.campaign_id = $3::bigint)
   AND t.state = 'planned' AND d.outcome = 'REVIEW'
   AND r.bucket = t.bucket AND r.task_id = t.task_id
   AND r.due_at > $4::timestamptz AND r.lease_until IS NULL;
