-- facts_consents: the consent history of customers, less what is no consent
-- (refusals, profiling). An early end is written as a shorter grant.
-- Params   $1 buckets, $2 customer ids (arrays of one length), $3 now
-- Returns  customer_id, consent_id, action, purpose, channel, product_class, recipient,
--          point_id, form, notice_version, has evidence, effective_at, recorded_at,
--          expires_at, controller, separate kind, written, guardian, hash of the notice in
--          the customer's language, the evidence is what was recorded; by customer_id
-- A superseded notice is none: its hash stays to tell which it was. Evidence with a hash counts by its newest check; without one its reference has to do.
SELECT e.customer_id, e.consent_id, e.action, e.purpose, e.channel, e.product_class,
       e.recipient, e.point_id, e.form,
       CASE WHEN NOT EXISTS (SELECT 1 FROM notice s WHERE s.version = e.notice_version
           AND s.superseded_at <= $3::timestamptz) THEN e.notice_version END,
       e.evidence_hash IS NOT NULL,
       e.effective_at, e.recorded_at,
       least(e.expires_at, (SELECT min(greatest(x.effective_at, x.recorded_at))
           FROM consent_event x
          WHERE e.action = 'grant' AND x.bucket = e.bucket
            AND x.customer_id = e.customer_id AND x.action = 'expire'
            AND x.effective_at >= e.effective_at
            AND x.purpose IN (e.purpose, '*') AND x.channel IN (e.channel, '*')
            AND x.product_class IN (e.product_class, '*')
            AND x.recipient IN (e.recipient, '*')
            AND (x.point_id IS NULL OR x.point_id = e.point_id))),
       e.controller, e.separate_kind, e.written, e.guardian IS NOT NULL,
       (SELECT encode(n.text_hash, 'hex') FROM notice n
         WHERE n.version = e.notice_version AND n.lang = c.lang),
       e.evidence_hash IS NOT NULL AND (e.evidence_sha256 IS NULL
           OR e.evidence_sha256 = (SELECT k.found_hash FROM evidence_check k
               WHERE k.evidence = e.evidence ORDER BY k.check_id DESC LIMIT 1))
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN consent_event e ON e.bucket = w.bucket::smallint AND e.customer_id = w.customer_id
  JOIN customer c ON c.bucket = e.bucket AND c.customer_id = e.customer_id
 WHERE e.action IN ('grant', 'withdraw') AND e.subject = 'contact'
 ORDER BY e.customer_id, e.recorded_at, e.consent_id;
