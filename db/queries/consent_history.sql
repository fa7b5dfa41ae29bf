-- consent_history: all consent events of a customer, newest first.
-- Params   $1 bucket, $2 customer_id
-- Returns  consent_id, action, purpose, channel, product_class, recipient, point_id, form,
--          notice_version, evidence, source, actor, effective_at, expires_at, recorded_at,
--          subject, separate_kind, written, guardian, controller, hash of the evidence
SELECT consent_id, action, purpose, channel, product_class, recipient, point_id, form,
       notice_version, evidence, source, actor, effective_at, expires_at, recorded_at,
       subject, separate_kind, written, guardian, controller,
       encode(evidence_sha256, 'hex')
  FROM consent_event
 WHERE bucket = $1::smallint AND customer_id = $2::bigint
 ORDER BY recorded_at DESC, effective_at DESC, consent_id DESC;
