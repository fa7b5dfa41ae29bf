-- import_copy_consent: one batch into its stage table; order as
-- segments/import_target.c.
-- Params   none
COPY stage_consent (line, bucket, customer_id, consent_id, evidence_hash, action,
purpose, channel, product_class, recipient, phone_index, form, notice_version,
evidence, source, effective_at, expires_at, subject, separate_kind, written, guardian,
controller, evidence_sha256)
FROM STDIN (FORMAT binary);
