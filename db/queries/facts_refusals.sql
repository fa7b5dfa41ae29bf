-- facts_refusals: what starts a time of quiet for customers: what they refused (offers in
-- calls, the call itself as its carrier reports, questions for their consent), and calls on
-- their numbers, to whomever, that were abandoned.
-- Params   $1 buckets, $2 customer ids (arrays of one length), $3 since, $4 of abandoned
--          calls: since
-- Returns  customer_id, id, kind (refusal, consent_refusal, abandoned), channel, purpose,
--          point_id of the call or null, at, recorded_at, it happened to this customer; by
--          customer_id
-- Index    call_record_abandoned_idx: where no call was abandoned lately, nothing is looked up
SELECT t.customer_id, o.outcome_id, 'refusal', t.channel, t.purpose, t.point_id,
       coalesce(o.ended_at, o.recorded_at), o.recorded_at, true
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN task t ON t.bucket = w.bucket::smallint AND t.customer_id = w.customer_id
  JOIN outcome o ON o.bucket = t.bucket AND o.task_id = t.task_id
 WHERE ('refused' = ANY (o.flags) OR o.carrier_refusal) AND o.recorded_at >= $3::timestamptz
UNION ALL
SELECT e.customer_id, e.consent_id, 'consent_refusal', e.channel, e.purpose, e.point_id,
       e.effective_at, e.recorded_at, true
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN consent_event e ON e.bucket = w.bucket::smallint AND e.customer_id = w.customer_id
 WHERE e.action = 'refuse' AND e.recorded_at >= $3::timestamptz
UNION ALL
SELECT m.customer_id, r.record_id, 'abandoned', t.channel, t.purpose, m.point_id,
       r.started_at + r.duration_sec * interval '1 second', r.recorded_at,
       (m.bucket, m.customer_id) = (c.bucket, c.customer_id)
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN contact_point m ON m.bucket = w.bucket::smallint AND m.customer_id = w.customer_id
  JOIN contact_point c ON c.phone_index = ANY (phone_class(m.phone_index))
  JOIN task t ON t.bucket = c.bucket AND t.customer_id = c.customer_id
   AND t.point_id = c.point_id
  JOIN call_record r ON r.bucket = t.bucket AND r.task_id = t.task_id AND r.abandoned
   AND r.started_at >= $4::timestamptz
 WHERE EXISTS (SELECT 1 FROM call_record x
                WHERE x.abandoned AND x.started_at >= $4::timestamptz)
 ORDER BY 1, 7, 2;
