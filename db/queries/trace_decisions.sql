-- trace_decisions: every decision about a task, in order.
-- Params   $1 bucket, $2 task_id
-- Returns  decision_id, gate, decided_at, outcome, codes, ruleset hash (hex), record hash
--          (hex), record (both null: the customer was erased), valid_until
-- Index    decision_task_idx
SELECT decision_id, gate, decided_at, outcome, codes, encode(ruleset_hash, 'hex'),
       CASE WHEN entry_key IS NULL THEN encode(record_hash, 'hex') END,
       CASE WHEN NOT blocked THEN convert_from(record, 'UTF8') END, valid_until
  FROM decision
 WHERE bucket = $1::smallint AND task_id = $2::uuid
 ORDER BY decided_at, decision_id;
