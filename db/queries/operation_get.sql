-- operation_get: one operation with its answer.
-- Params   $1 operation_id, $2 subject whose it has to be, or null
-- Returns  operation_id, kind, path, subject, role, state, step, done, total, created_at,
--          started_at, ended_at, cancelled_by, status, answer
SELECT operation_id, kind, path, subject, role, state, step, done, total, created_at,
       started_at, ended_at, cancelled_by, status, answer
  FROM operation
 WHERE operation_id = $1::uuid AND ($2::text IS NULL OR subject = $2::text);
