-- number_health: what came of the calls of numbers in use or suspended, and what vendors
-- say of them, over each metric's own window.
-- Params   $1 number_id or null, $2 answers since, $3 complaints since, $4 labels since
-- Returns  number_id, number, pool, status, suspended_by, cooldown_until, reason, calls and
--          answered of the answer window, calls and complaints of the complaint window,
--          vendors, vendors that say spam or scam; by number_id
SELECT n.number_id, n.number, n.pool, n.status, n.suspended_by, n.cooldown_until,
       n.status_reason, a.calls, a.answered, c.calls, c.complaints, l.vendors, l.bad
  FROM caller_number n
 CROSS JOIN LATERAL (SELECT coalesce(sum(calls), 0) AS calls,
                            coalesce(sum(answered), 0) AS answered FROM number_tally t
        WHERE t.number_id = n.number_id
          AND t.hour >= greatest($2::timestamptz, n.health_from)) a
 CROSS JOIN LATERAL (SELECT coalesce(sum(calls), 0) AS calls,
                            coalesce(sum(complaints), 0) AS complaints FROM number_tally t
        WHERE t.number_id = n.number_id
          AND t.hour >= greatest($3::timestamptz, n.health_from)) c
 CROSS JOIN LATERAL (SELECT count(*) AS vendors,
                            count(*) FILTER (WHERE v.value IN ('spam', 'scam')) AS bad
         FROM (SELECT DISTINCT ON (o.vendor) o.vendor, o.value FROM number_observation o
                WHERE o.number_id = n.number_id AND o.kind = 'label'
                  AND o.at >= greatest($4::timestamptz, n.health_from)
                ORDER BY o.vendor, o.at DESC, o.recorded_at DESC) v) l
 WHERE n.status IN ('active', 'suspended')
   AND ($1::bigint IS NULL OR n.number_id = $1::bigint)
 ORDER BY n.number_id;
