-- erase_records: what the gate knew of a customer goes, where no rule keeps it longer; that it
-- decided, when and why stays, as the ledger has it. The hash of an entry from before
-- commitments is published anyway.
-- Params   $1 bucket, $2 customer_id, $3 made before: their time is over
-- Returns  decision_id of each that had one
-- Locking  the rows; after erase_barrier, so that no planner adds any
-- Index    decision_customer_idx
UPDATE decision
   SET record = NULL, record_hash = CASE WHEN commitment IS NULL THEN record_hash END
 WHERE bucket = $1::smallint AND customer_id = $2::bigint AND record IS NOT NULL
   AND decided_at < $3::timestamptz
RETURNING decision_id;
