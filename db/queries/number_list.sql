-- number_list: caller numbers with what was used and is kept of them.
-- Params   $1 pool or null, $2 number_id or null, $3 start of the day, $4 start of the hour,
--          $5 now, $6 a task whose own place is left out, or null, $7 kind or null, $8 status
--          or null, $9 purpose or null, $10 after pool or null, $11 after number_id, $12
--          limit or null
-- Returns  the columns of enum number_col (campaigns/number_store.c), in that order
SELECT n.number_id, n.number, n.kind, n.port, n.pool, n.holder, n.user_org, n.carrier,
       n.line_type, n.registered_purpose, n.regions, n.direction, n.channels, n.purposes,
       n.robot, n.licence_no, n.licence_from, n.licence_to, encode(n.approval_hash, 'hex'),
       encode(n.undertaking_hash, 'hex'), n.lessor, n.lessee, n.sub_let, n.withheld,
       n.status, n.status_reason, n.daily_cap, n.hourly_cap, n.version, n.label,
       n.label_vendor, n.label_score, n.label_at, n.attestation, n.callback_ok_at,
       n.callback_failed_at, n.ledger_synced_at, n.suspended_by, n.cooldown_until,
       n.health_from, coalesce(u.today, 0), coalesce(u.hour, 0), coalesce(h.held, 0),
       EXISTS (SELECT 1 FROM incident i WHERE i.number_id = n.number_id AND i.state = 'open'
                  AND i.code IN ('NUMBER_NOT_REGISTERED', 'CLI_WITHHELD')),
       CASE WHEN n.identity_ok_at > $5::timestamptz - (SELECT p.value FROM number_policy p
                WHERE p.name = 'identity.days') * interval '1 day' THEN n.identity_ok_at END,
       n.identity_failed_at
  FROM caller_number n
  LEFT JOIN LATERAL (
       SELECT sum(used) AS today,
              sum(used) FILTER (WHERE hour >= $4::timestamptz) AS hour
         FROM number_use WHERE number_id = n.number_id AND hour >= $3::timestamptz) u ON true
  LEFT JOIN LATERAL (
       SELECT count(*) AS held FROM number_hold
        WHERE number_id = n.number_id AND expires_at > $5::timestamptz
          AND hold_id IS DISTINCT FROM $6::uuid) h ON true
 WHERE ($1::text IS NULL OR n.pool = $1::text)
   AND ($2::bigint IS NULL OR n.number_id = $2::bigint)
   AND ($7::text IS NULL OR n.kind = $7::text)
   AND ($8::text IS NULL OR n.status = $8::text)
   AND ($9::text IS NULL OR $9::text = ANY (n.purposes))
   AND ($10::text IS NULL OR (n.pool, n.number_id) > ($10::text, $11::bigint))
 ORDER BY n.pool, n.number_id LIMIT $12::bigint;
