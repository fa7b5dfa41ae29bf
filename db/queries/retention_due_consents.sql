-- retention_due_consents: customers that left, whose consents nobody used since, whose time is over, and how many of them are held.
-- Params   $1 cutoff, $2 count no more than so many
-- Returns  due and held, held, the oldest that there is or null
-- Index    customer_closed_idx, consent_event_customer_idx, decision_customer_idx
SELECT count(*), count(*) FILTER (WHERE retention_held(x.bucket, x.customer_id)),
       (SELECT min(closed_on)::timestamptz FROM customer)
  FROM (SELECT c.bucket, c.customer_id FROM customer c
         WHERE c.closed_on < ($1::timestamptz)::date
           AND EXISTS (SELECT 1 FROM consent_event e
                        WHERE e.bucket = c.bucket AND e.customer_id = c.customer_id)
           AND NOT EXISTS (SELECT 1 FROM consent_event e
                            WHERE e.bucket = c.bucket AND e.customer_id = c.customer_id
                              AND e.recorded_at >= $1::timestamptz)
           AND NOT EXISTS (SELECT 1 FROM decision d
                            WHERE d.bucket = c.bucket AND d.customer_id = c.customer_id
                              AND d.decided_at >= $1::timestamptz)
         ORDER BY c.closed_on LIMIT $2::integer) x;
