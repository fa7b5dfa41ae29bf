-- trace_world.sql: attempts in the real tables: half as many tasks, each planned, dispatched
-- and dialled twice, with permit, outcome and the carrier's record; a tenth as many customers
-- with a number and a consent each. psql variables: attempts; hot: contacts of one customer
-- within the last hours, beside that.
--
-- What a search goes through is there and as long as it is in a bank: rows, keys, indexes. A
-- decision's record is short, for it is read only of what was found.
SET session_replication_role = replica; -- rows as they are, no triggers
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
SET work_mem = '128MB';

-- Indexes are made when the rows are there; keys stay.
CREATE TABLE trace_index AS
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS def
  FROM pg_index WHERE NOT indisunique AND indrelid IN ('task'::regclass, 'permit'::regclass,
    'outcome'::regclass, 'decision'::regclass, 'attempt'::regclass, 'call_record'::regclass,
    'contact_point'::regclass, 'consent_event'::regclass);
SELECT format('DROP INDEX %s', name) FROM trace_index \gexec

-- kind: a hexadecimal digit, so that no two sorts of rows share an id.
CREATE FUNCTION trace_id(kind text, n bigint, bucket smallint) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
    SELECT (kind || lpad(to_hex(n), 29, '0') || lpad(to_hex(bucket::integer), 2, '0'))::uuid
$$;

INSERT INTO customer (bucket, customer_id, ref, name_mask, dob, zone, province, updated_at)
SELECT n % 256, 1000000000 + n, 'T' || n, '王**', '1980-05-05', 'Asia/Shanghai', '上海市',
       '2026-01-01' FROM generate_series(1, :attempts / 10) n;
INSERT INTO contact_point (bucket, point_id, customer_id, kind, phone_sealed, phone_index,
    phone_mask, region, zones, is_primary, updated_at)
SELECT n % 256, 1000000000 + n, 1000000000 + n, 'mobile', '\x00', sha256(int8send(n)),
       '138****0000', 'CN', '{Asia/Shanghai}', true, '2026-01-01'
  FROM generate_series(1, :attempts / 10) n;
INSERT INTO consent_event (bucket, consent_id, customer_id, action, purpose, channel, form,
    notice_version, evidence, source, actor, effective_at, recorded_at)
SELECT n % 256, trace_id('c', n, (n % 256)::smallint), 1000000000 + n, 'grant', 'MARKETING',
       'VOICE', 'written', 'v3', 'EV-' || n, 'branch', 'x', '2025-05-01', '2025-05-01'
  FROM generate_series(1, :attempts / 10) n;

-- Everybody with a number takes part in turn, those of the sample too.
CREATE TABLE trace_point AS
SELECT row_number() OVER (ORDER BY customer_id, point_id) - 1 AS i, bucket, customer_id,
       point_id FROM contact_point WHERE is_primary;
CREATE TABLE trace_of AS
SELECT (SELECT min(queue_id) FROM queue) AS queue_id, s.code AS script, s.version AS script_version,
       (SELECT count(*) FROM trace_point) AS points,
       ARRAY(SELECT campaign_id FROM campaign ORDER BY 1) AS campaigns,
       ARRAY(SELECT number_id FROM caller_number ORDER BY 1) AS numbers,
       ARRAY(SELECT number FROM caller_number ORDER BY number_id) AS shown
  FROM (SELECT code, version FROM script ORDER BY code LIMIT 1) s;

-- One row a task: whose it is, and when it is first dialled.
CREATE TABLE trace_task AS
SELECT x.n, p.bucket, p.customer_id, p.point_id, trace_id('a', x.n, p.bucket) AS task_id, x.at,
       o.campaigns[1 + x.n % cardinality(o.campaigns)] AS campaign_id,
       o.numbers[1 + x.n % cardinality(o.numbers)] AS number_id,
       o.shown[1 + x.n % cardinality(o.numbers)] AS shown, 'agent_' || x.n % 500 AS agent
  FROM trace_of o
 CROSS JOIN LATERAL (
    SELECT n, n % o.points AS i, timestamptz '2026-11-23 01:00:00+00'
               - n * (interval '365 days' / (:attempts / 2)) AS at
      FROM generate_series(1, :attempts / 2) n
     UNION ALL
    SELECT :attempts + n, 0, timestamptz '2026-11-22 03:00:00+00' + n * interval '18 seconds'
      FROM generate_series(1, :hot / 2) n) x
  JOIN trace_point p ON p.i = x.i;
INSERT INTO task (bucket, task_id, campaign_id, version, customer_id, step, occurrence,
    point_id, queue_id, number_id, channel, handler, purpose, script, script_version, state,
    not_before, not_after, decision_id, agent, created_at, updated_at)
SELECT bucket, task_id, campaign_id, 1, customer_id, 'call', n::text, point_id, queue_id,
       number_id, 'VOICE', 'agent', 'MARKETING', script, script_version, 'done',
       at - interval '1 hour', at + interval '1 day', trace_id('d', n, bucket), agent,
       at - interval '1 hour', at
  FROM trace_task, trace_of;
INSERT INTO attempt (bucket, task_id, kind, lease_epoch, decision_id, started_at, begun_real,
    finished_at, result, http_status)
SELECT bucket, task_id, 'push', 1, trace_id('e', n, bucket), at - interval '5 minutes',
       at - interval '5 minutes', at - interval '299 seconds', 'accepted', 202
  FROM trace_task;

-- Two calls a task, a minute apart.
CREATE TABLE trace_call AS
SELECT t.bucket, t.task_id, t.customer_id, t.point_id, t.campaign_id, t.number_id, t.shown,
       t.agent, t.n, k, 2 * t.n + k AS m, t.at + k * interval '1 minute' AS dialled
  FROM trace_task t, generate_series(0, 1) k;
INSERT INTO permit (bucket, permit_id, task_id, decision_id, agent, granted_at, valid_until)
SELECT bucket, trace_id('1', m, bucket), task_id, trace_id('f', m, bucket), agent, dialled,
       dialled + interval '2 minutes' FROM trace_call;
INSERT INTO outcome (bucket, outcome_id, task_id, permit_id, disposition, reached, agent,
    started_at, ended_at, recorded_at, customer_id)
SELECT bucket, trace_id('2', m, bucket), task_id, trace_id('1', m, bucket),
       CASE WHEN k = 0 THEN 'no_answer' WHEN n % 200 = 0 THEN 'complaint'
            WHEN n % 3 = 0 THEN 'interested' ELSE 'declined' END, k = 1, agent,
       CASE WHEN k = 1 THEN dialled END,
       CASE WHEN k = 1 THEN dialled + interval '50 seconds' END,
       dialled + interval '55 seconds', customer_id
  FROM trace_call;
INSERT INTO call_record (record_id, source, reference, number_sent, started_at, duration_sec,
    bucket, task_id, permit_id, number_id, fate, recorded_at)
SELECT trace_id('3', m, bucket), 'carrier', m::text, shown, dialled, k * 50, bucket, task_id,
       trace_id('1', m, bucket), number_id, 'matched', dialled + interval '1 hour'
  FROM trace_call;

-- A decision of planning and one of dispatch each task, one of dialling each call.
INSERT INTO decision (bucket, decision_id, gate, decided_at, customer_id, point_id,
    campaign_id, version, task_id, number_id, channel, purpose, outcome, codes, ruleset_hash,
    record, record_hash, agent)
SELECT bucket, id, gate, decided_at, customer_id, point_id, campaign_id, 1, task_id, number_id,
       'VOICE', 'MARKETING', 'ALLOW', '{}', sha256('rules'), '{"hits":[]}',
       sha256('{"hits":[]}'), agent
  FROM (SELECT bucket, trace_id('d', n, bucket) AS id, 'P' AS gate,
               at - interval '1 hour' AS decided_at, customer_id, point_id, campaign_id, task_id,
               NULL::bigint AS number_id, NULL AS agent FROM trace_task
         UNION ALL
        SELECT bucket, trace_id('e', n, bucket), 'D', at - interval '5 minutes', customer_id,
               point_id, campaign_id, task_id, number_id, NULL FROM trace_task
         UNION ALL
        SELECT bucket, trace_id('f', m, bucket), 'C', dialled, customer_id, point_id,
               campaign_id, task_id, number_id, agent FROM trace_call) x;

DROP TABLE trace_call, trace_task, trace_point;
SELECT def FROM trace_index \gexec
VACUUM (ANALYZE) task, permit, outcome, decision, attempt, call_record, contact_point,
    consent_event, customer;
