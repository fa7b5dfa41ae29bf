-- retention_take_consents: the consents of customers that left go all together, so that never
-- a grant is left without its withdrawal. $2 counts customers.
-- Params   $1 cutoff, $2 limit
-- Returns  the ids of what went, in order
-- Locking  the rows taken; one that somebody holds waits for another run
-- Index    customer_closed_idx, consent_event_customer_idx, decision_customer_idx
WITH due AS (
    SELECT c.bucket, c.customer_id FROM customer c
     WHERE c.closed_on < ($1::timestamptz)::date
       AND EXISTS (SELECT 1 FROM consent_event e
                    WHERE e.bucket = c.bucket AND e.customer_id = c.customer_id)
       AND NOT EXISTS (SELECT 1 FROM consent_event e
                        WHERE e.bucket = c.bucket AND e.customer_id = c.customer_id
                          AND e.recorded_at >= $1::timestamptz)
       AND NOT EXISTS (SELECT 1 FROM decision d
                        WHERE d.bucket = c.bucket AND d.customer_id = c.customer_id
                          AND d.decided_at >= $1::timestamptz)
       AND NOT retention_held(c.bucket, c.customer_id)
     ORDER BY c.closed_on, c.customer_id LIMIT $2::integer
       FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM consent_event e USING due
     WHERE e.bucket = due.bucket AND e.customer_id = due.customer_id
    RETURNING e.consent_id
)
SELECT consent_id FROM gone ORDER BY consent_id;
