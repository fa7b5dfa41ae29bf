-- operation_beat: its worker lives, and how far it is.
-- Params   $1 operation_id, $2 worker, $3 step, $4 done, $5 total
-- Returns  operation_id; no row when it is not this worker's any more
-- Locking  the row
UPDATE operation SET beat_at = clock_timestamp(), step = $3::text, done = $4::bigint,
       total = $5::bigint
 WHERE operation_id = $1::uuid AND worker = $2::text
RETURNING operation_id;
