-- consent_insert: one event of the history; the same id twice adds nothing.
-- Params   $1 bucket, $2 consent_id, $3 customer_id, $4 action, $5 purpose, $6 channel,
--          $7 product_class, $8 recipient, $9 point_id or null, $10 form, $11 notice
--          version, $12 evidence, $13 source, $14 actor, $15 effective_at, $16 expires_at
--          or null, $17 recorded_at, $18 evidence hash or null, $19 subject, $20 separate
--          kind or null, $21 written, $22 guardian or null, $23 controller, $24 hash of
--          the evidence itself or null
-- Returns  one row when it was added
INSERT INTO consent_event (bucket, consent_id, customer_id, action, purpose, channel,
    product_class, recipient, point_id, form, notice_version, evidence, source, actor,
    effective_at, expires_at, recorded_at, evidence_hash, subject, separate_kind, written,
    guardian, controller, evidence_sha256)
VALUES ($1::smallint, $2::uuid, $3::bigint, $4::text, $5::text, $6::text, $7::text,
    $8::text, $9::bigint, $10::text, $11::text, $12::text, $13::text, $14::text,
    $15::timestamptz, $16::timestamptz, $17::timestamptz, $18::bytea, $19::text, $20::text,
    $21::boolean, $22::text, $23::text, $24::bytea)
ON CONFLICT (bucket, consent_id) DO NOTHING
RETURNING consent_id;
