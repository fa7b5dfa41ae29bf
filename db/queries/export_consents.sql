-- export_consents: a page of consents given and withdrawn that were recorded in a time.
-- Params   $1 after key text, $2 limit bigint, $3 from, $4 to
-- Returns  key, then the columns of campaigns/export_store.c
SELECT e.bucket || '|' || e.consent_id, e.consent_id, c.ref, e.action, e.purpose, e.channel,
       e.product_class, e.recipient, p.phone_mask, e.form, e.notice_version, e.evidence,
       e.source, e.actor, e.effective_at, e.expires_at, e.recorded_at
  FROM consent_event e
  JOIN customer c ON c.bucket = e.bucket AND c.customer_id = e.customer_id
  LEFT JOIN contact_point p ON p.bucket = e.bucket AND p.point_id = e.point_id
 WHERE (e.bucket, e.consent_id)
     > (split_part($1::text, '|', 1)::smallint, split_part($1::text, '|', 2)::uuid)
   AND e.recorded_at >= $3::timestamptz AND e.recorded_at < $4::timestamptz
 ORDER BY e.bucket, e.consent_id LIMIT $2::bigint;
