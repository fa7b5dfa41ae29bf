-- operation_give_up: operations whose worker is gone, or is ending ($1), are interrupted.
-- Params   $1 worker that ends, or null, $2 seconds without a beat, $3 now timestamptz
-- Returns  operation_id
-- Locking  SKIP LOCKED: one that is ending right now is not given up
-- Index    operation_open_idx
UPDATE operation SET state = 'interrupted', ended_at = $3::timestamptz, worker = NULL,
       beat_at = NULL, request = NULL
 WHERE operation_id = ANY (ARRAY(
       SELECT operation_id FROM operation
        WHERE state = 'running' AND (worker = $1::text
           OR beat_at < clock_timestamp() - $2::bigint * interval '1 second')
          FOR UPDATE SKIP LOCKED))
RETURNING operation_id;
