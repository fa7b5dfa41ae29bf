-- household_declare: a customer belongs to a household, because somebody says so.
-- Params   $1 bucket, $2 customer_id, $3 household_ref, $4 role, $5 by, $6 now
INSERT INTO household_member AS m (bucket, customer_id, household_ref, role, source, state,
    actor, updated_at)
VALUES ($1::smallint, $2::bigint, $3::text, $4::text, 'declared', 'member', $5::text,
    $6::timestamptz)
ON CONFLICT (bucket, customer_id, household_ref) DO UPDATE SET role = EXCLUDED.role,
    source = 'declared', state = 'member', actor = EXCLUDED.actor,
    updated_at = EXCLUDED.updated_at;
