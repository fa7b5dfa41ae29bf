-- operation_claim: the oldest operation that waits, for one worker.
-- Params   $1 worker, $2 now timestamptz
-- Returns  operation_id, kind, path, params, request, key_id, subject, role, zh
-- Locking  SKIP LOCKED, so two workers never wait for one another
-- Index    operation_open_idx
UPDATE operation SET state = 'running', worker = $1::text, started_at = $2::timestamptz,
       beat_at = clock_timestamp()
 WHERE operation_id = (
       SELECT operation_id FROM operation WHERE state = 'queued'
        ORDER BY created_at, operation_id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING operation_id, kind, path, params, request, key_id, subject, role, zh;
