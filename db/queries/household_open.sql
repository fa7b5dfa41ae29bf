-- household_open: suggestions that nobody has settled, household by household.
-- Params   $1 the household_ref after which to go on, '' from the start; $2 limit
-- Returns  household_ref, ref, name_mask, role, source, state, reason, actor, updated_at of
--          everybody of the first households that have one; whole households only
-- Locking  none
SELECT o.household_ref, c.ref, c.name_mask, o.role, o.source, o.state, o.reason, o.actor,
       o.updated_at
  FROM (SELECT DISTINCT household_ref FROM household_member
         WHERE state = 'suggested' AND household_ref > $1::text
         ORDER BY household_ref LIMIT $2::bigint) h
  JOIN household_member o ON o.household_ref = h.household_ref
   AND o.state IN ('suggested', 'member')
  JOIN customer c ON c.bucket = o.bucket AND c.customer_id = o.customer_id
 ORDER BY o.household_ref, c.bucket, c.customer_id;
