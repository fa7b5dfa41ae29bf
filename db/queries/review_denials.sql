-- review_denials: the refusals of a time, for the check whether they were right.
-- Params   $1 from, $2 to
-- Returns  decision_id, task_id; by decision_id
-- Index    decision_time_idx
SELECT decision_id, task_id FROM decision
 WHERE decided_at >= $1::timestamptz AND decided_at < $2::timestamptz
   AND outcome IN ('BLOCK', 'DEFER')
 ORDER BY decision_id;
