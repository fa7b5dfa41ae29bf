-- overview_decisions: decisions by outcome since an instant.
-- Params   $1 from timestamptz
-- Index    decision_time_idx
SELECT outcome, count(*) FROM decision WHERE decided_at >= $1::timestamptz
 GROUP BY outcome;
