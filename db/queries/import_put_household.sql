-- import_put_household: the batch into household_member. Of several rows about one customer
-- the last counts; another household is left first: the rows to put wait for `gone`, because
-- a customer belongs to one household at any moment.
-- Params   $1 columns given text[], $2 now timestamptz, $3 actor text
-- Returns  inserted, updated
WITH newest AS (
    SELECT DISTINCT ON (bucket, customer_id) bucket, customer_id, household, role
      FROM stage_household
     ORDER BY bucket, customer_id, line DESC
), gone AS (
    UPDATE household_member m
       SET state = 'left', actor = $3::text, updated_at = $2::timestamptz
      FROM newest n
     WHERE m.bucket = n.bucket AND m.customer_id = n.customer_id AND m.state = 'member'
       AND m.household_ref <> n.household
    RETURNING 1
), put AS (
    INSERT INTO household_member AS m (bucket, customer_id, household_ref, role, source,
        state, actor, updated_at)
    SELECT n.bucket, n.customer_id, n.household, n.role, 'declared', 'member', $3::text,
           $2::timestamptz
      FROM newest n
     WHERE (SELECT count(*) FROM gone) >= 0
    ON CONFLICT (bucket, customer_id, household_ref) DO UPDATE SET
        role = CASE WHEN 'role' = ANY ($1::text[]) THEN EXCLUDED.role ELSE m.role END,
        source = 'declared', state = 'member', reason = NULL, actor = EXCLUDED.actor,
        updated_at = EXCLUDED.updated_at
     WHERE m.state <> 'member' OR m.source <> 'declared'
        OR ('role' = ANY ($1::text[]) AND m.role <> EXCLUDED.role)
    RETURNING xmax = 0 AS fresh
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM put;
