-- operation_cancel: nothing will come of it.
-- Params   $1 operation_id, $2 by, $3 now timestamptz
-- Returns  operation_id; no row when it has ended
-- Locking  the row; where it is ending, that is waited for
UPDATE operation SET state = 'cancelled', cancelled_by = $2::text,
       ended_at = $3::timestamptz, worker = NULL, beat_at = NULL, request = NULL
 WHERE operation_id = $1::uuid AND state IN ('queued', 'running')
RETURNING operation_id;
