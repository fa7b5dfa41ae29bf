-- facts_refusals: what customers refused: offers in calls, the call itself as
-- its carrier reports, and questions for their consent.
-- Params   $1 buckets, $2 customer ids (arrays of one length), $3 since
-- Returns  customer_id, id, kind (refusal, consent_refusal), channel, purpose, point_id of
--          the call or null, at, recorded_at; by customer_id
SELECT t.customer_id, o.outcome_id, 'refusal', t.channel, t.purpose, t.point_id,
       coalesce(o.ended_at, o.recorded_at), o.recorded_at
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN task t ON t.bucket = w.bucket::smallint AND t.customer_id = w.customer_id
  JOIN outcome o ON o.bucket = t.bucket AND o.task_id = t.task_id
 WHERE ('refused' = ANY (o.flags) OR o.carrier_refusal) AND o.recorded_at >= $3::timestamptz
UNION ALL
SELECT e.customer_id, e.consent_id, 'consent_refusal', e.channel, e.purpose, e.point_id,
       e.effective_at, e.recorded_at
  FROM unnest($1::bigint[], $2::bigint[]) AS w (bucket, customer_id)
  JOIN consent_event e ON e.bucket = w.bucket::smallint AND e.customer_id = w.customer_id
 WHERE e.action = 'refuse' AND e.recorded_at >= $3::timestamptz
 ORDER BY 1, 7, 2;
