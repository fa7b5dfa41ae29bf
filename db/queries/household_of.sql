-- household_of: the households of one customer, with their members.
-- Params   $1 bucket, $2 customer_id
-- Returns  household_ref, state of the customer's own membership; then of each of its rows
--          ref, name_mask, role, source, state, reason, actor, updated_at, whether it is
--          the customer's own; those the customer belongs to first
-- Index    household_member_ref_idx
SELECT m.household_ref, m.state, c.ref, c.name_mask, o.role, o.source, o.state, o.reason,
       o.actor, o.updated_at,
       (o.bucket, o.customer_id) = (m.bucket, m.customer_id)
  FROM household_member m
  JOIN household_member o ON o.household_ref = m.household_ref
  JOIN customer c ON c.bucket = o.bucket AND c.customer_id = o.customer_id
 WHERE m.bucket = $1::smallint AND m.customer_id = $2::bigint
 ORDER BY m.state = 'member' DESC, m.household_ref, c.bucket, c.customer_id LIMIT 1000;
