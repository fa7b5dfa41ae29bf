-- erase_held: records of a customer that a rule of retention keeps beyond an erasure.
-- Params   $1 bucket, $2 customer_id, $3 made then or later: their time is not over
-- Returns  decision_id, does its entry commit under the customer's key
-- Locking  none: erase_barrier and the customer's permission keep gates out
-- Index    decision_customer_idx
SELECT decision_id, commitment IS NOT NULL FROM decision
 WHERE bucket = $1::smallint AND customer_id = $2::bigint AND record IS NOT NULL
   AND decided_at >= $3::timestamptz;
