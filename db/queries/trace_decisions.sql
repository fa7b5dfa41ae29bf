-- trace_decisions: every decision about a task, in order.
-- Params   $1 bucket, $2 task_id
-- Returns  decision_id, gate, decided_at, outcome, codes, ruleset hash (hex), record hash
--          (hex), record (both null: the customer was erased), valid_until
-- Index    decision_task_idx
SELECT decision_id, gate, decided_at, outcome, codes, encode(ruleset_hash, 'hex'),
       encode(record_hash, 'hex'), convert_from(record, 'UTF8'), valid_until
  FROM decision
 WHERE bucket = $1::smallint AND task_id = $2::uuid
 ORDER BY decided_at, decision_id;
