-- retention_take_decisions: decisions go, but for those that an override answers, which stay
-- with it; the hash of each stays, but of one that an erasure had left its commitment alone.
-- Params   $1 cutoff, $2 limit, $3 batch_id
-- Returns  the ids of what went, in order
-- Locking  the rows taken; one that somebody holds waits for another run
-- Index    decision_time_idx, gate_override_customer_idx
WITH due AS (
    SELECT bucket, decision_id FROM decision d
     WHERE decided_at < $1::timestamptz AND NOT retention_held(bucket, customer_id)
       AND NOT EXISTS (SELECT 1 FROM gate_override o WHERE o.bucket = d.bucket
                          AND o.customer_id = d.customer_id
                          AND o.decision_id = d.decision_id)
     ORDER BY decided_at, decision_id LIMIT $2::integer
       FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM decision d USING due
     WHERE d.bucket = due.bucket AND d.decision_id = due.decision_id
    RETURNING d.bucket, d.decision_id, d.commitment,
              CASE WHEN d.entry_key IS NULL THEN d.record_hash END AS record_hash
), kept AS (
    INSERT INTO decision_gone (bucket, decision_id, record_hash, commitment, batch_id)
    SELECT bucket, decision_id, record_hash, commitment, $3::uuid FROM gone
)
SELECT decision_id FROM gone ORDER BY decision_id;
