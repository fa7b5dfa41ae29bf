-- import_put_consent: the batch into consent_event; an event that is there stays as it is.
-- Params   $1 now timestamptz, $2 actor text
-- Returns  inserted, updated (none)
WITH put AS (
INSERT INTO consent_event (bucket, consent_id, customer_id, action, purpose, channel,
    product_class, recipient, point_id, form, notice_version, evidence, evidence_hash,
    source, actor, effective_at, expires_at, recorded_at, subject, separate_kind, written,
    guardian, controller, evidence_sha256)
SELECT s.bucket, s.consent_id, s.customer_id, s.action, s.purpose, s.channel,
       s.product_class, s.recipient, p.point_id, s.form, s.notice_version, s.evidence,
       s.evidence_hash, s.source, $2::text, s.effective_at, s.expires_at, $1::timestamptz,
       s.subject, s.separate_kind, s.written, s.guardian, s.controller,
       decode(s.evidence_sha256, 'hex')
  FROM stage_consent s
  LEFT JOIN contact_point p ON p.bucket = s.bucket AND p.customer_id = s.customer_id
                           AND p.phone_index = s.phone_index
ON CONFLICT (bucket, consent_id) DO NOTHING
RETURNING bucket, customer_id, action, subject, effective_at
), profiled AS (
    UPDATE customer c SET profiling_opt_out = p.opt_out, updated_at = $1::timestamptz
      FROM (SELECT DISTINCT ON (n.bucket, n.customer_id) n.bucket, n.customer_id,
                   n.action = 'withdraw' AS opt_out
              FROM put n
             WHERE n.subject = 'profiling' AND n.effective_at <= $1::timestamptz
               AND NOT EXISTS (SELECT 1 FROM consent_event e
                    WHERE e.bucket = n.bucket AND e.customer_id = n.customer_id
                      AND e.subject = 'profiling' AND e.effective_at > n.effective_at)
             ORDER BY n.bucket, n.customer_id, n.effective_at DESC,
                   n.action = 'withdraw' DESC) p
     WHERE c.bucket = p.bucket AND c.customer_id = p.customer_id
       AND c.profiling_opt_out <> p.opt_out
)
SELECT count(*), 0::bigint FROM put;
