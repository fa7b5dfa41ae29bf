-- registry_query_due: registries to ask about the numbers of tasks: those of the number's
-- country whose newest word about it is older than they allow.
-- Params   $1 buckets, $2 task ids, $3 now, $4 the agent who has them, or null, $5 limit
-- Returns  registry, kind, url, secret_sealed or null, form of the number, timeout in ms,
--          questions a second, bucket, customer_id, phone_sealed, the customer's wrapped
--          key, the day of the oldest consent to contact in force or null; by registry
-- A number is asked about once. Answers whose hashes were made with a key that is gone say
-- nothing. One that failed rests (on the database's clock).
WITH wanted AS MATERIALIZED (
    SELECT DISTINCT t.bucket, t.customer_id, t.channel, p.phone_index, p.phone_sealed,
           p.region, c.country
      FROM unnest($1::bigint[], $2::uuid[]) AS w (bucket, task_id)
      JOIN task t ON t.bucket = w.bucket AND t.task_id = w.task_id
      JOIN contact_point p ON p.bucket = t.bucket AND p.point_id = t.point_id
      JOIN customer c ON c.bucket = t.bucket AND c.customer_id = t.customer_id
     WHERE t.purpose = 'MARKETING' AND length(p.phone_sealed) > 0
       AND ($4::text IS NULL
            OR (t.agent = $4::text AND t.state IN ('accepted', 'in_progress')))
       AND EXISTS (SELECT 1 FROM registry_query WHERE enabled)
)
SELECT DISTINCT ON (g.code, m.phone_index)
       g.code, g.kind, q.url, q.secret_sealed, q.number_form, q.timeout_ms, q.per_second,
       m.bucket, m.customer_id, m.phone_sealed, k.wrapped, since.day
  FROM wanted m
  JOIN registry g ON (g.country = m.region OR g.country = m.country OR m.region IS NULL)
       AND (g.channels = '{}' OR m.channel = ANY (g.channels))
  JOIN registry_query q ON q.registry = g.code AND q.enabled
       AND q.wait_until <= clock_timestamp()
  JOIN customer_key k ON k.bucket = m.bucket AND k.customer_id = m.customer_id
 CROSS JOIN LATERAL (
       SELECT (min(e.effective_at) AT TIME ZONE coalesce((SELECT value FROM setting
                   WHERE name = 'zone'), 'Asia/Shanghai'))::date AS day
         FROM consent_event e
        WHERE e.bucket = m.bucket AND e.customer_id = m.customer_id
          AND e.action = 'grant' AND e.subject = 'contact') since
 WHERE (g.kind = 'do_not_call' OR since.day IS NOT NULL)
   AND NOT EXISTS (
       SELECT 1 FROM registry_result r
        WHERE r.registry = g.code AND r.phone_index = ANY (phone_class(m.phone_index))
          AND r.obtained_at > $3::timestamptz - g.freshness_days * interval '1 day'
          AND EXISTS (SELECT 1 FROM index_key x
                       WHERE r.index_version IN (x.version, x.previous)))
   AND NOT EXISTS (
       SELECT 1 FROM registry_version v
        WHERE v.registry = g.code AND v.version = g.active_version
          AND v.obtained_at > $3::timestamptz - g.freshness_days * interval '1 day'
          AND EXISTS (SELECT 1 FROM index_key x
                       WHERE v.index_version IN (x.version, x.previous)))
 ORDER BY g.code, m.phone_index, m.bucket, m.customer_id
 LIMIT $5::bigint;
