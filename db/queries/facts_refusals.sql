-- facts_refusals: what customers of one bucket refused: offers in calls, the call itself as
-- its carrier reports, and questions for their consent.
-- Params   $1 bucket, $2 customer ids, $3 since
-- Returns  customer_id, id, kind (refusal, consent_refusal), channel, purpose, point_id of
--          the call or null, at, recorded_at; by customer_id
SELECT t.customer_id, o.outcome_id, 'refusal', t.channel, t.purpose, t.point_id,
       coalesce(o.ended_at, o.recorded_at), o.recorded_at
  FROM task t
  JOIN outcome o ON o.bucket = t.bucket AND o.task_id = t.task_id
 WHERE t.bucket = $1::smallint AND t.customer_id = ANY ($2::bigint[])
   AND ('refused' = ANY (o.flags) OR o.carrier_refusal) AND o.recorded_at >= $3::timestamptz
UNION ALL
SELECT customer_id, consent_id, 'consent_refusal', channel, purpose, point_id,
       effective_at, recorded_at
  FROM consent_event
 WHERE bucket = $1::smallint AND customer_id = ANY ($2::bigint[]) AND action = 'refuse'
   AND recorded_at >= $3::timestamptz
 ORDER BY 1, 7, 2;
