-- facts_overrides: what persons allowed about customers, and holds.
-- Params   $1 buckets, $2 customer ids (arrays of one length), $3 now
-- Returns  customer_id, override_id, code, rule or null, campaign_id or null for all,
--          point_id or null for all, by, second person or null, reason, since, until; by
--          customer_id
-- Index    gate_override_customer_idx
-- Locking  none: the gate holds customer_permission, which a withdrawal takes
SELECT o.customer_id, override_id, code, rule, campaign_id, point_id, requested_by,
       nullif(approved_by, requested_by), reason, approved_at, expires_at
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN gate_override o ON o.bucket = w.bucket::smallint AND o.customer_id = w.customer_id
 WHERE o.state = 'approved' AND o.expires_at > $3::timestamptz
 ORDER BY o.customer_id, approved_at, override_id;
