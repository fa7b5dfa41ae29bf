-- override_insert: somebody asks for an override.
-- Params   $1 bucket, $2 override_id, $3 customer_id, $4 campaign_id or null, $5 point_id or
--          null, $6 decision_id, $7 kind, $8 code, $9 rule or null, $10 layer, $11 outcome,
--          $12 reason, $13 by, $14 now, $15 expires
INSERT INTO gate_override (bucket, override_id, customer_id, campaign_id, point_id,
    decision_id, kind, code, rule, layer, outcome, reason, requested_by, requested_at,
    expires_at, state)
VALUES ($1::smallint, $2::uuid, $3::bigint, $4::bigint, $5::bigint, $6::uuid, $7::text,
    $8::text, $9::text, $10::text, $11::text, $12::text, $13::text, $14::timestamptz,
    $15::timestamptz, 'requested');
