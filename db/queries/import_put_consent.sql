-- import_put_consent: the batch into consent_event; an event that is there stays as it is.
-- Params   $1 now timestamptz, $2 actor text
-- Returns  inserted, updated (none)
WITH put AS (
INSERT INTO consent_event (bucket, consent_id, customer_id, action, purpose, channel,
    product_class, recipient, point_id, form, notice_version, evidence, evidence_hash,
    source, actor, effective_at, expires_at, recorded_at)
SELECT s.bucket, s.consent_id, s.customer_id, s.action, s.purpose, s.channel,
       s.product_class, s.recipient, p.point_id, s.form, s.notice_version, s.evidence,
       s.evidence_hash, s.source, $2::text, s.effective_at, s.expires_at, $1::timestamptz
  FROM stage_consent s
  LEFT JOIN contact_point p ON p.bucket = s.bucket AND p.customer_id = s.customer_id
                           AND p.phone_index = s.phone_index
ON CONFLICT (bucket, consent_id) DO NOTHING
RETURNING 1
)
SELECT count(*), 0::bigint FROM put;
