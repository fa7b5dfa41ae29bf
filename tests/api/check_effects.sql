-- check_effects: does what the queue saw agree with what the database says?
--
-- Reads the journals (table seen, filled by check_effects.sh) and the database of
-- Steward; adds a row to finding for each disagreement. Each block is one fact that must
-- hold whatever crashed in between. :drained is 1 when nothing may be under way any more.

CREATE TEMP TABLE finding (fact text NOT NULL, detail text NOT NULL);
CREATE TEMP TABLE fact (fact text PRIMARY KEY, looked_at bigint NOT NULL);

-- The queue's side. key is the webhook-id.
CREATE TEMP TABLE push AS
SELECT n, e ->> 'event' AS event, e ->> 'id' AS key, (e ->> 'task_id')::uuid AS task_id,
       (e ->> 'offer')::integer AS offer, (e ->> 'fence')::bigint AS fence,
       (e ->> 'decision_id')::uuid AS decision_id, e ->> 'sha256' AS sha256,
       (e ->> 'exported')::bigint AS exported
  FROM seen WHERE e ->> 'event' IN ('accepted', 'duplicate');
CREATE TEMP TABLE ack AS
SELECT n, e ->> 'id' AS key, (e ->> 'task_id')::uuid AS task_id,
       (e ->> 'outcome_id')::uuid AS outcome_id, e ->> 'disposition' AS disposition,
       e ->> 'agent' AS agent
  FROM seen WHERE e ->> 'event' = 'outcome_ack';
CREATE INDEX ON push (key);
CREATE INDEX ON push (task_id);

-- Steward's side: entries of the ledger, sequenced (idx) or still waiting (idx null).
CREATE TEMP TABLE entry AS
SELECT idx, kind, convert_from(entry, 'UTF8')::jsonb AS e FROM ledger_leaf
UNION ALL
SELECT NULL, kind, convert_from(entry, 'UTF8')::jsonb FROM ledger_outbox;
CREATE INDEX ON entry ((e ->> 'id'));
ANALYZE push, ack, entry;

INSERT INTO fact SELECT 'one effect a key', count(DISTINCT key) FROM push;
INSERT INTO finding
SELECT 'one effect a key', format('%s took effect %s times', key, count(*))
  FROM push WHERE event = 'accepted' GROUP BY key HAVING count(*) > 1;

INSERT INTO fact SELECT 'no task at a queue is unknown to it', count(*) FROM task
 WHERE offer > 0 OR state IN ('queued', 'accepted', 'in_progress', 'done', 'no_contact');
INSERT INTO finding
SELECT 'no task at a queue is unknown to it',
       format('task %s is %s, offer %s never arrived', t.task_id, t.state, o)
  FROM task t, generate_series(0, t.offer) AS o
 WHERE (o < t.offer
        OR t.state IN ('queued', 'accepted', 'in_progress', 'done', 'no_contact'))
   AND NOT EXISTS (SELECT 1 FROM push p WHERE p.event = 'accepted'
        AND p.key = t.task_id || CASE o WHEN 0 THEN '' ELSE '.' || o END);

INSERT INTO fact SELECT 'every push belongs to an attempt', count(*) FROM push;
INSERT INTO finding
SELECT 'every push belongs to an attempt',
       format('push %s with fence %s: no such attempt', p.key, p.fence)
  FROM push p WHERE NOT EXISTS (SELECT 1 FROM attempt a WHERE a.task_id = p.task_id
        AND a.kind = 'push' AND a.lease_epoch = p.fence
        AND a.decision_id = p.decision_id);

INSERT INTO fact SELECT 'every push has a decision that allows it', count(*) FROM push;
INSERT INTO finding
SELECT 'every push has a decision that allows it',
       format('push %s: decision %s %s', p.key, p.decision_id,
           coalesce(d.gate || ' ' || d.outcome, 'does not exist'))
  FROM push p LEFT JOIN decision d ON d.decision_id = p.decision_id
 WHERE d.decision_id IS NULL OR d.gate <> 'D' OR d.outcome <> 'ALLOW'
    OR d.task_id IS DISTINCT FROM p.task_id
    OR encode(d.record_hash, 'hex') IS DISTINCT FROM p.sha256;

-- exported is what the receiver read from the checkpoint file when the push came.
INSERT INTO fact SELECT 'every decision was in an exported checkpoint before its push',
       count(*) FROM push WHERE exported >= 0;
INSERT INTO finding
SELECT 'every decision was in an exported checkpoint before its push',
       format('push %s: decision %s is leaf %s, exported were %s', p.key, p.decision_id,
           coalesce(n.idx::text, 'none'), p.exported)
  FROM push p
  LEFT JOIN entry n ON n.e ->> 'id' = p.decision_id::text AND n.kind = 'decision'
 WHERE p.exported >= 0 AND (n.idx IS NULL OR n.idx >= p.exported);

INSERT INTO fact SELECT 'a queue that cannot deduplicate sees a key once', count(*)
  FROM push p JOIN task t USING (task_id) JOIN queue q USING (queue_id) WHERE NOT q.dedupes;
INSERT INTO finding
SELECT 'a queue that cannot deduplicate sees a key once',
       format('%s came %s times', p.key, count(*))
  FROM push p JOIN task t USING (task_id) JOIN queue q USING (queue_id)
 WHERE NOT q.dedupes GROUP BY p.key HAVING count(*) > 1;

INSERT INTO fact SELECT 'every acknowledged outcome is kept', count(*) FROM ack;
INSERT INTO finding
SELECT 'every acknowledged outcome is kept',
       format('outcome %s of %s (%s): %s', a.outcome_id, a.key, a.disposition,
           CASE WHEN o.outcome_id IS NULL THEN 'not in the database'
                ELSE 'something else is in the database' END)
  FROM ack a LEFT JOIN outcome o ON o.outcome_id = a.outcome_id
 WHERE o.outcome_id IS NULL OR o.task_id <> a.task_id OR o.disposition <> a.disposition
    OR o.agent <> a.agent;

INSERT INTO fact SELECT 'every outcome has one entry in the ledger', count(*) FROM outcome;
INSERT INTO finding
SELECT 'every outcome has one entry in the ledger',
       format('outcome %s has %s', o.outcome_id, count(n.kind))
  FROM outcome o LEFT JOIN entry n
    ON n.kind = 'outcome' AND n.e ->> 'outcome' = o.outcome_id::text
 GROUP BY o.outcome_id HAVING count(n.kind) <> 1;

INSERT INTO fact SELECT 'no outcome is counted twice', count(*) FROM outcome;
INSERT INTO finding
SELECT 'no outcome is counted twice', format('%s was acknowledged as %s', key,
           string_agg(DISTINCT outcome_id::text, ' and '))
  FROM ack GROUP BY key HAVING count(DISTINCT outcome_id) > 1;
-- A call-back brings the task back for another offer; any other outcome ends it.
INSERT INTO finding
SELECT 'no outcome is counted twice', format('task %s, offer %s: %s', t.task_id, t.offer,
           string_agg(o.disposition, ', '))
  FROM task t JOIN outcome o USING (bucket, task_id)
 GROUP BY t.bucket, t.task_id, t.offer
HAVING count(*) FILTER (WHERE o.disposition = 'call_back') > t.offer
    OR count(*) FILTER (WHERE o.disposition <> 'call_back') > 1;

INSERT INTO fact SELECT 'no task without a decision', count(*) FROM task;
INSERT INTO finding
SELECT 'no task without a decision', format('task %s: %s', t.task_id,
           CASE WHEN d.decision_id IS NULL THEN 'its newest decision is not there'
                ELSE 'its newest decision is about another task' END)
  FROM task t LEFT JOIN decision d USING (bucket, decision_id)
 WHERE d.decision_id IS NULL OR d.task_id IS DISTINCT FROM t.task_id;
INSERT INTO finding
SELECT 'no task without a decision', format('task %s was never allowed in planning', task_id)
  FROM task t WHERE NOT EXISTS (SELECT 1 FROM decision d WHERE d.bucket = t.bucket
        AND d.task_id = t.task_id AND d.gate = 'P' AND d.outcome = 'ALLOW');

INSERT INTO fact SELECT 'every decision is what the ledger says', count(*) FROM decision;
INSERT INTO finding
SELECT 'every decision is what the ledger says', format('decision %s: %s', d.decision_id,
           CASE WHEN sha256(d.record) <> d.record_hash THEN 'its record was changed'
                WHEN count(n.kind) <> 1 THEN format('%s entries', count(n.kind))
                ELSE 'the ledger commits to another record' END)
  FROM decision d LEFT JOIN entry n
    ON n.kind = 'decision' AND n.e ->> 'id' = d.decision_id::text
 GROUP BY d.bucket, d.decision_id
HAVING sha256(d.record) <> d.record_hash OR count(n.kind) <> 1
    OR min(n.e ->> 'record_hmac') IS DISTINCT FROM encode(d.commitment, 'hex');

INSERT INTO fact SELECT 'every permit was decided and counts as one attempt', count(*)
  FROM permit;
INSERT INTO finding
SELECT 'every permit was decided and counts as one attempt', format('permit %s: %s',
           p.permit_id, CASE WHEN c.count_id IS NULL THEN 'not counted'
                             ELSE 'no decision that allows it' END)
  FROM permit p
  LEFT JOIN decision d ON d.bucket = p.bucket AND d.decision_id = p.decision_id
        AND d.gate = 'C' AND d.outcome = 'ALLOW' AND d.task_id = p.task_id
  LEFT JOIN contact_count c ON c.bucket = p.bucket AND c.count_id = p.permit_id
 WHERE d.decision_id IS NULL OR c.count_id IS NULL;

INSERT INTO fact SELECT 'every funnel adds up', count(*) FROM campaign_run
 WHERE finished_at IS NOT NULL;
INSERT INTO finding
SELECT 'every funnel adds up', format('run %s: audience %s, fates %s', r.run_id,
           r.audience, coalesce(sum(f.count), 0))
  FROM campaign_run r LEFT JOIN campaign_run_reason f USING (run_id)
 WHERE r.finished_at IS NOT NULL
 GROUP BY r.run_id HAVING r.audience <> coalesce(sum(f.count), 0);

INSERT INTO fact SELECT 'every enrolment and task belong together', count(*) FROM enrolment;
INSERT INTO finding
SELECT 'every enrolment and task belong together',
       format('task %s has no enrolment', t.task_id)
  FROM task t WHERE NOT EXISTS (SELECT 1 FROM enrolment e WHERE e.bucket = t.bucket
        AND e.campaign_id = t.campaign_id AND e.customer_id = t.customer_id
        AND e.occurrence = t.occurrence AND e.arm = 'treated');

INSERT INTO fact SELECT 'every answered recall reached the queue', count(*) FROM recall
 WHERE done_at IS NOT NULL;
INSERT INTO finding
SELECT 'every answered recall reached the queue', format('task %s', task_id)
  FROM recall r WHERE done_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM seen
        WHERE e ->> 'event' = 'recalled' AND e ->> 'task_id' = r.task_id::text);

-- The ledger's order is that of the locks: the gate holds the customer's permission.
INSERT INTO fact SELECT 'nothing is allowed after an objection', count(*) FROM entry
 WHERE kind = 'objection' AND e ->> 'objection' = 'do_not_call';
INSERT INTO finding
SELECT 'nothing is allowed after an objection',
       format('decision %s (leaf %s) after objection %s (leaf %s)', d.decision_id, n.idx,
           o.e ->> 'id', o.idx)
  FROM entry o
  JOIN decision d ON d.customer_id = (o.e ->> 'customer')::bigint
  JOIN entry n ON n.kind = 'decision' AND n.e ->> 'id' = d.decision_id::text
 WHERE o.kind = 'objection' AND o.e ->> 'objection' = 'do_not_call'
   AND o.e ->> 'channel' IN ('*', d.channel) AND d.purpose = 'MARKETING'
   AND d.gate IN ('D', 'C') AND d.outcome = 'ALLOW' AND n.idx > o.idx;

INSERT INTO fact SELECT 'nothing is left under way', count(*) FROM task WHERE :drained = 1;
INSERT INTO finding
SELECT 'nothing is left under way', format('task %s is %s', task_id, state)
  FROM task WHERE :drained = 1
   AND state IN ('sending', 'queued', 'accepted', 'in_progress');
INSERT INTO finding
SELECT 'nothing is left under way', format('task %s waits without a place', t.task_id)
  FROM task t WHERE :drained = 1 AND t.state IN ('planned', 'ready')
   AND NOT EXISTS (SELECT 1 FROM task_ready r
        WHERE r.bucket = t.bucket AND r.task_id = t.task_id);
INSERT INTO finding
SELECT 'nothing is left under way', format('recall of %s is open', task_id)
  FROM recall WHERE :drained = 1 AND done_at IS NULL;

SELECT 'ok       ' || f.fact || ': ' || f.looked_at
  FROM fact f WHERE NOT EXISTS (SELECT 1 FROM finding x WHERE x.fact = f.fact)
 ORDER BY f.fact;
SELECT 'FINDING  ' || fact || ': ' || detail FROM finding ORDER BY fact, detail LIMIT 50;
SELECT 'check_effects: ' || (SELECT count(*) FROM fact) || ' facts, '
       || (SELECT count(*) FROM finding) || ' findings';
