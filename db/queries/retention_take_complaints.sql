-- retention_take_complaints: complaints that were settled go with their steps.
-- Params   $1 cutoff, $2 limit
-- Returns  the ids of what went, in order
-- Locking  the rows taken; one that somebody holds waits for another run
-- Index    complaint_settled_idx
WITH due AS (
    SELECT x.complaint_id FROM complaint x
     WHERE x.state = 'settled' AND x.settled_at < $1::timestamptz
       AND (x.customer_id IS NULL OR NOT retention_held(x.bucket, x.customer_id))
     ORDER BY x.settled_at, x.complaint_id LIMIT $2::integer
       FOR UPDATE SKIP LOCKED
), steps AS (
    DELETE FROM complaint_step s USING due WHERE s.complaint_id = due.complaint_id
), gone AS (
    DELETE FROM complaint x USING due WHERE x.complaint_id = due.complaint_id
    RETURNING x.complaint_id
)
SELECT complaint_id FROM gone ORDER BY complaint_id;
