-- operation_end: what came of it, as long as it is the worker's.
-- Params   $1 operation_id, $2 worker, $3 state, $4 status, $5 answer, $6 now timestamptz,
--          $7 step, $8 done, $9 total
-- Returns  operation_id; no row when it was cancelled or given up meanwhile
-- Locking  the row: who cancels waits for the transaction, and comes too late
UPDATE operation SET state = $3::text, status = $4::integer, answer = $5::text,
       ended_at = $6::timestamptz, step = $7::text, done = $8::bigint, total = $9::bigint,
       worker = NULL, beat_at = NULL, request = NULL
 WHERE operation_id = $1::uuid AND worker = $2::text
RETURNING operation_id;
