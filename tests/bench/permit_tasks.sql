-- permit_tasks.sql: every task of withdrawal_tasks.sql is with an agent of its queue and has
-- a caller number of its pool, in turn. psql variable: numbers: how many the pool has; calls
-- from one number take turns.
-- The way there is not what is measured.
SET session_replication_role = replica;
INSERT INTO caller_number (number, kind, port, pool, holder, user_org, carrier, line_type,
    regions, direction, channels, purposes, robot, licence_no, licence_from, licence_to,
    approval_hash, registered_purpose, status, daily_cap, hourly_cap, attestation,
    callback_ok_at, ledger_synced_at, version, updated_at)
SELECT n.number || lpad(i::text, 3, '0'), kind, port, n.pool, holder, user_org, carrier,
       line_type, regions, direction, channels, purposes, robot, licence_no, licence_from,
       licence_to, approval_hash, registered_purpose, status, daily_cap, hourly_cap,
       attestation, callback_ok_at, ledger_synced_at, 1, updated_at
  FROM (SELECT c.* FROM caller_number c JOIN race_pool p USING (pool)
         WHERE c.status = 'active' ORDER BY c.number_id LIMIT 1) n,
       generate_series(1, :numbers) i
 WHERE i + 2 <= :numbers;
WITH who AS (
    SELECT code, queue_id, row_number() OVER (PARTITION BY queue_id ORDER BY code) - 1 AS i,
           count(*) OVER (PARTITION BY queue_id) AS n
      FROM agent a
     WHERE state = 'active' AND EXISTS (SELECT 1 FROM agent_licence l
            WHERE l.agent_id = a.agent_id AND l.kind = 'sales' AND l.valid_to > '2026-12-31')
), shown AS (
    SELECT c.number_id, row_number() OVER (ORDER BY c.number_id) - 1 AS i, count(*) OVER () AS n
      FROM caller_number c JOIN race_pool p USING (pool) WHERE c.status = 'active'
)
UPDATE task t SET state = 'accepted', agent = who.code, number_id = shown.number_id
  FROM race_person p, who, shown
 WHERE t.customer_id = p.id AND who.queue_id = t.queue_id AND p.n % who.n = who.i
   AND p.n % shown.n = shown.i;
RESET session_replication_role;
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM task WHERE state <> 'accepted') THEN
        RAISE EXCEPTION 'a task without an agent or a number';
    END IF;
END $$;
ANALYZE task;
