-- retention_due_decisions: decisions whose time is over, and how many of them are held: by
-- what holds the customer's records, or as what an override answers.
-- Params   $1 cutoff, $2 count no more than so many
-- Returns  due and held, held, the oldest that there is or null
-- Index    decision_time_idx, gate_override_customer_idx
SELECT count(*),
       count(*) FILTER (WHERE retention_held(x.bucket, x.customer_id)
           OR EXISTS (SELECT 1 FROM gate_override o WHERE o.bucket = x.bucket
                         AND o.customer_id = x.customer_id
                         AND o.decision_id = x.decision_id)),
       (SELECT min(decided_at) FROM decision)
  FROM (SELECT bucket, customer_id, decision_id FROM decision
         WHERE decided_at < $1::timestamptz ORDER BY decided_at LIMIT $2::integer) x;
