-- import_withdrawals_open: withdrawals and objections of the batch that meet open tasks.
-- Params   $1 now timestamptz
-- Returns  bucket, customer_id, purpose, channel, point_id or null, phone_index or null
--          (set: everybody who shares the number), product class, of robots only, of
--          campaigns that use a profile only, id of the event
SELECT DISTINCT s.bucket, s.customer_id, s.purpose, s.channel, p.point_id, NULL::bytea,
       s.product_class, s.written, s.subject = 'profiling', s.consent_id
  FROM stage_consent s
  JOIN task t ON t.bucket = s.bucket AND t.customer_id = s.customer_id
  LEFT JOIN contact_point p ON p.bucket = s.bucket AND p.customer_id = s.customer_id
                           AND p.phone_index = s.phone_index
 WHERE s.action = 'withdraw' AND s.effective_at <= $1::timestamptz
   AND s.separate_kind IS NULL AND s.recipient IN ('bank', '*')
   AND t.state IN ('planned', 'ready', 'sending', 'unknown', 'queued', 'accepted')
UNION
SELECT s.bucket, s.customer_id, 'MARKETING', s.channel, NULL, s.phone_index, '*', false, false,
       s.objection_id
  FROM stage_objection s
  JOIN task t ON t.bucket = s.bucket AND t.customer_id = s.customer_id
 WHERE s.lifted_at IS NULL AND s.effective_at <= $1::timestamptz
   AND t.state IN ('planned', 'ready', 'sending', 'unknown', 'queued', 'accepted')
UNION
SELECT s.bucket, s.customer_id, 'MARKETING', s.channel, NULL, s.phone_index, '*', false, false,
       s.objection_id
  FROM stage_objection s
  JOIN contact_point p ON p.phone_index = s.phone_index
  JOIN task t ON t.bucket = p.bucket AND t.customer_id = p.customer_id
             AND t.point_id = p.point_id
 WHERE s.lifted_at IS NULL AND s.effective_at <= $1::timestamptz
   AND t.state IN ('planned', 'ready', 'sending', 'unknown', 'queued', 'accepted')
UNION
SELECT s.bucket, s.customer_id, 'MARKETING', s.channel, NULL, s.phone_index, '*', false, false,
       s.objection_id
  FROM stage_objection s
  JOIN phone_alias a ON a.own = s.phone_index
  JOIN contact_point p ON p.phone_index = a.other
  JOIN task t ON t.bucket = p.bucket AND t.customer_id = p.customer_id
             AND t.point_id = p.point_id
 WHERE s.lifted_at IS NULL AND s.effective_at <= $1::timestamptz
   AND t.state IN ('planned', 'ready', 'sending', 'unknown', 'queued', 'accepted')
 ORDER BY 6, 1, 2;
