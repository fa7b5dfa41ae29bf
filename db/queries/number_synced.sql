-- number_synced: numbers that are in a carrier's list.
-- Params   $1 snapshot_id, $2 now
-- Locking  the numbers
UPDATE caller_number n SET ledger_synced_at = $2::timestamptz
  FROM (SELECT c.number_id FROM caller_number c
          JOIN number_snapshot_row l ON l.snapshot_id = $1::uuid AND l.number = c.number
         ORDER BY c.number_id FOR NO KEY UPDATE OF c) s
 WHERE n.number_id = s.number_id;
