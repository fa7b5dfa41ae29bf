-- number_outside: permits to dial for a purpose the number was not registered for then. Two
-- witnesses that do not know each other: the registry's history, and what the decision
-- itself recorded, unless the customer was erased; a row is listed when either speaks
-- against it.
-- Params   $1 from, $2 to (exclusive), $3 limit
-- Returns  decision_id, number, purpose, task_id, purposes by the history or null, decided
--          at, how many were looked at, how many are listed without the limit; one row of
--          nulls with the counts when there are none
-- Index    decision_time_idx
WITH asked AS (
    SELECT d.decision_id, d.number_id, d.purpose, d.task_id, d.decided_at, d.record,
           (SELECT c.document::jsonb -> 'purposes' FROM caller_number_change c
             WHERE c.number_id = d.number_id AND c.at <= d.decided_at
               AND c.document IS NOT NULL
             ORDER BY c.version DESC LIMIT 1) AS history
      FROM decision d
     WHERE d.gate = 'C' AND d.outcome = 'ALLOW'
       AND d.decided_at >= $1::timestamptz AND d.decided_at < $2::timestamptz
), bad AS (
    SELECT a.*, n.number FROM asked a LEFT JOIN caller_number n USING (number_id)
     WHERE a.number_id IS NULL OR NOT coalesce(a.history ? a.purpose, true)
        OR a.record IS NOT NULL AND NOT coalesce(convert_from(a.record, 'UTF8')::jsonb
                #> '{facts,number,purposes}' ? a.purpose, false)
), counts AS (
    SELECT (SELECT count(*) FROM asked) AS asked, (SELECT count(*) FROM bad) AS bad
)
SELECT b.decision_id, b.number, b.purpose, b.task_id, b.history::text, b.decided_at,
       c.asked, c.bad
  FROM counts c
  LEFT JOIN LATERAL (SELECT * FROM bad ORDER BY decided_at, decision_id
      LIMIT $3::bigint) b ON true
 ORDER BY b.decided_at, b.decision_id;
