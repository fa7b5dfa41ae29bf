-- override_use_insert: a decision rests on overrides.
-- Params   $1 bucket, $2 override ids, $3 decision_id
INSERT INTO gate_override_use (bucket, override_id, decision_id)
SELECT $1::smallint, u.override_id, $3::uuid FROM unnest($2::uuid[]) AS u (override_id)
ON CONFLICT DO NOTHING;
