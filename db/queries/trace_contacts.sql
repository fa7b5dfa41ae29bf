-- trace_contacts: what reached one contact point, or was on its way to, in a time.
-- Params   $1 bucket, $2 customer_id, $3 point_id, $4 from, $5 to
-- Returns  kind (call: a dial permit; push: handed to a queue, no permit), at, until,
--          task_id, campaign, version, step, channel, purpose, product, handler, agent,
--          caller number, its status now, licence number, licence from, licence to, script,
--          script version, who approved it, when, decision_id, its row's ledger entry there,
--          disposition, reached, call started, ended, outcome recorded
-- Index    task_customer_idx, permit_task_idx, attempt's key, outcome_task_idx
WITH tasks AS (
    SELECT t.* FROM task t
     WHERE t.bucket = $1::smallint AND t.customer_id = $2::bigint AND t.point_id = $3::bigint
), contact AS (
    SELECT 'call' AS kind, m.granted_at AS at, m.valid_until AS until, m.permit_id,
           m.decision_id, m.agent, t.task_id
      FROM tasks t
      JOIN permit m ON m.bucket = t.bucket AND m.task_id = t.task_id
     WHERE m.granted_at >= $4::timestamptz AND m.granted_at < $5::timestamptz
     UNION ALL
    SELECT 'push', a.started_at, a.finished_at, NULL, a.decision_id, NULL, t.task_id
      FROM tasks t
      JOIN attempt a ON a.bucket = t.bucket AND a.task_id = t.task_id AND a.kind = 'push'
     WHERE a.started_at >= $4::timestamptz AND a.started_at < $5::timestamptz
       AND NOT EXISTS (SELECT 1 FROM permit m
                        WHERE m.bucket = t.bucket AND m.task_id = t.task_id)
)
SELECT x.kind, x.at, x.until, t.task_id, k.code, t.version, t.step, t.channel, t.purpose,
       t.product, t.handler, coalesce(x.agent, o.agent), n.number, n.status, n.licence_no,
       n.licence_from, n.licence_to, t.script, t.script_version, s.approved_by, s.approved_at,
       x.decision_id, d.decision_id IS NOT NULL, o.disposition, o.reached, o.started_at,
       o.ended_at, o.recorded_at
  FROM contact x
  JOIN task t ON t.bucket = $1::smallint AND t.task_id = x.task_id
  LEFT JOIN campaign k ON k.campaign_id = t.campaign_id
  LEFT JOIN caller_number n ON n.number_id = t.number_id
  LEFT JOIN script s ON s.code = t.script AND s.version = t.script_version
  LEFT JOIN decision d ON d.bucket = $1::smallint AND d.decision_id = x.decision_id
  LEFT JOIN LATERAL (SELECT * FROM outcome o
                      WHERE o.bucket = t.bucket AND o.task_id = t.task_id
                        AND (o.permit_id = x.permit_id OR x.permit_id IS NULL)
                      ORDER BY o.recorded_at LIMIT 1) o ON true
 ORDER BY x.at, t.task_id;
