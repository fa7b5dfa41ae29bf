-- operation_list: operations, newest first, without their answers.
-- Params   $1 subject or null, $2 state or null, $3 before: created_at, $4 and
--          operation_id, $5 limit
-- Returns  operation_id, kind, path, subject, role, state, step, done, total, created_at,
--          started_at, ended_at, cancelled_by, status
-- Index    operation_subject_idx, operation_created_idx
SELECT operation_id, kind, path, subject, role, state, step, done, total, created_at,
       started_at, ended_at, cancelled_by, status
  FROM operation
 WHERE ($1::text IS NULL OR subject = $1::text)
   AND ($2::text IS NULL OR state = $2::text)
   AND (created_at, operation_id) < ($3::timestamptz, $4::uuid)
 ORDER BY created_at DESC, operation_id DESC
 LIMIT $5::bigint;
