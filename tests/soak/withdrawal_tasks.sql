-- withdrawal_tasks.sql: after planning, a task for every customer by the pattern of the one
-- that was planned. psql variable: races.
CREATE TABLE race_pattern AS
SELECT t.*, v.document -> 'step' ->> 'number_pool' AS pool
  FROM task t JOIN campaign_version v USING (campaign_id, version)
  JOIN queue q USING (queue_id)
 WHERE q.code = 'wealth-remote' LIMIT 1;
DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM race_pattern) THEN
        RAISE EXCEPTION 'nothing was planned for the pattern';
    END IF;
END $$;
CREATE TABLE race_pool AS SELECT pool FROM race_pattern;
DELETE FROM task_ready;
DELETE FROM task;
-- More than all races need: without a cap of its own a number has the house's.
-- The registry's rules are not what is raced here.
SET session_replication_role = replica;
UPDATE caller_number SET daily_cap = 1000000000, hourly_cap = 1000000000;
RESET session_replication_role;
INSERT INTO task (bucket, task_id, campaign_id, version, customer_id, step, occurrence,
    point_id, queue_id, number_id, channel, handler, purpose, product, script,
    script_version, state, priority, not_before, not_after, decision_id, agent, created_at,
    updated_at)
SELECT race_bucket(p.ref),
       (left(gen_random_uuid()::text, 34) || lpad(to_hex(race_bucket(p.ref)::integer), 2, '0'))::uuid,
       t.campaign_id, t.version, p.id, t.step, 'race', p.point, t.queue_id,
       CASE WHEN p.n % 4 = 2 THEN (SELECT min(number_id) FROM caller_number
           WHERE pool = t.pool AND status = 'active') END,
       t.channel, t.handler, t.purpose, t.product, t.script, t.script_version,
       CASE WHEN p.n % 4 = 2 THEN 'in_progress' ELSE 'planned' END, t.priority,
       t.not_before, t.not_after + interval '1 day', t.decision_id,
       CASE WHEN p.n % 4 = 2 THEN 'a_01' END, t.created_at, t.updated_at
  FROM race_pattern t, race_person p
 WHERE p.ref LIKE 'r%';
CREATE INDEX race_task_idx ON task (customer_id);
CREATE FUNCTION race_due(first bigint, behind bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO task_ready (bucket, task_id, queue_id, due_at, priority)
    SELECT t.bucket, t.task_id, t.queue_id, t.not_before, t.priority
      FROM race_person p JOIN task t ON t.customer_id = p.id
     WHERE p.n >= first AND p.n < behind AND p.ref LIKE 'r%' AND t.state = 'planned'
$$;
CREATE INDEX race_person_idx ON race_person (n);
-- Two persons let a number back; here at the table, with the row of history it needs.
CREATE FUNCTION race_resume(which bigint) RETURNS void LANGUAGE sql
SET session_replication_role = replica AS $$
    WITH back AS (
        UPDATE caller_number SET status = 'active', status_reason = NULL,
               suspended_by = NULL, version = version + 1 WHERE number_id = which
        RETURNING number_id, version)
    INSERT INTO caller_number_change (change_id, number_id, version, at, actor, what,
        approver)
    SELECT gen_random_uuid(), number_id, version, now(), 'race', 'active', 'race2' FROM back
$$;
ANALYZE;
