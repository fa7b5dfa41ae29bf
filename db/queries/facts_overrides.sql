-- facts_overrides: what persons allowed about customers of one bucket, and holds.
-- Params   $1 bucket, $2 customer ids, $3 now
-- Returns  customer_id, override_id, code, rule or null, campaign_id or null for all,
--          point_id or null for all, by, second person or null, reason, since, until; by
--          customer_id
-- Index    gate_override_customer_idx
-- Locking  none: the gate holds customer_permission, which a withdrawal takes
SELECT customer_id, override_id, code, rule, campaign_id, point_id, requested_by,
       nullif(approved_by, requested_by), reason, approved_at, expires_at
  FROM gate_override
 WHERE bucket = $1::smallint AND customer_id = ANY ($2::bigint[]) AND state = 'approved'
   AND expires_at > $3::timestamptz
 ORDER BY customer_id, approved_at, override_id;
