-- task_withdraw_household: end the open marketing tasks of all members of a household.
-- Params   $1 household, $2 channel or '*', $3 now, $4 reason
-- Returns  task_id, queue_id, state now
-- Locking  task rows of several buckets, in key order, after the members' permissions
WITH due AS (
    SELECT t.bucket, t.task_id
      FROM household_member m
      JOIN task t ON t.bucket = m.bucket AND t.customer_id = m.customer_id
     WHERE m.household_ref = $1::text AND m.state = 'member'
       AND ($2::text = '*' OR t.channel = $2::text)
       AND t.purpose = 'MARKETING'
       AND t.state IN ('planned', 'ready', 'sending', 'unknown', 'queued', 'accepted')
     ORDER BY t.bucket, t.task_id
       FOR UPDATE OF t
), hit AS (
    UPDATE task t
       SET state = CASE WHEN state IN ('planned', 'ready') THEN 'cancelled'
                        ELSE 'recalled' END,
           updated_at = $3::timestamptz
      FROM due WHERE t.bucket = due.bucket AND t.task_id = due.task_id
    RETURNING t.bucket, t.task_id, t.queue_id, t.state
), unready AS (
    DELETE FROM task_ready r USING hit
     WHERE r.bucket = hit.bucket AND r.task_id = hit.task_id
), asked AS (
    INSERT INTO recall (bucket, task_id, queue_id, reason, asked_at)
    SELECT bucket, task_id, queue_id, $4::text, $3::timestamptz
      FROM hit WHERE state = 'recalled'
    ON CONFLICT DO NOTHING
)
SELECT task_id, queue_id, state FROM hit;
