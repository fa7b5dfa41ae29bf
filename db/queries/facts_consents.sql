-- facts_consents: the consent history of customers of one bucket.
-- Params   $1 bucket, $2 customer ids
-- Returns  customer_id, consent_id, action, purpose, channel, product_class, recipient,
--          point_id, form, notice_version, has evidence, effective_at, recorded_at,
--          expires_at; by customer_id
SELECT customer_id, consent_id, action, purpose, channel, product_class, recipient,
       point_id, form, notice_version, evidence_hash IS NOT NULL, effective_at,
       recorded_at, expires_at
  FROM consent_event
 WHERE bucket = $1::smallint AND customer_id = ANY ($2::bigint[])
 ORDER BY customer_id, recorded_at, consent_id;
