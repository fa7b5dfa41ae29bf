-- check_withdrawal.sql: did anything start after a withdrawal had committed? The journals are
-- in race, number_race, seen (the queue's) and pushed (the server's); the commit times are
-- PostgreSQL's own (track_commit_timestamp). Prints "FINDING  fact: what", at most 20 of
-- each, and "N facts over M cases, F findings" at the end.
CREATE TEMP TABLE fact (fact text, cases bigint);
CREATE TEMP TABLE finding (fact text, what text);

-- Whose task a race was about, and when its withdrawal committed.
CREATE TEMP TABLE w AS
SELECT r.n, r.kind, r.answered, c.bucket, c.customer_id, t.task_id, t.state,
       e.consent_id AS event_id, e.bucket AS event_bucket,
       pg_xact_commit_timestamp(e.xmin) AS committed
  FROM race r JOIN customer c ON c.ref = 'r' || r.n
  JOIN task t ON t.bucket = c.bucket AND t.customer_id = c.customer_id
  JOIN consent_event e ON e.bucket = c.bucket AND e.customer_id = c.customer_id
                      AND e.action = 'withdraw'
 WHERE r.kind <> 3
UNION ALL
SELECT r.n, r.kind, r.answered, c.bucket, c.customer_id, t.task_id, t.state,
       o.objection_id, o.bucket, pg_xact_commit_timestamp(o.xmin)
  FROM race r JOIN customer c ON c.ref = 'r' || r.n
  JOIN task t ON t.bucket = c.bucket AND t.customer_id = c.customer_id
  JOIN customer s ON s.ref = 's' || r.n
  JOIN objection o ON o.bucket = s.bucket AND o.customer_id = s.customer_id
 WHERE r.kind = 3;
CREATE INDEX ON w (task_id);
CREATE INDEX ON attempt (task_id);
CREATE INDEX ON attempt (sent_real);
ANALYZE;
CREATE FUNCTION pg_temp.usec(t timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT (1000000 * extract(epoch FROM t))::bigint $$;

INSERT INTO fact SELECT 'every answered withdrawal is there', count(*) FROM race;
INSERT INTO finding SELECT 'every answered withdrawal is there', 'race ' || n
  FROM race WHERE status = 201 AND n NOT IN (SELECT n FROM w);

INSERT INTO fact SELECT 'no push starts after the commit', count(*)
  FROM w JOIN attempt a USING (bucket, task_id) WHERE a.sent_real IS NOT NULL;
INSERT INTO finding
SELECT 'no push starts after the commit', format('race %s: %s after', w.n,
           a.sent_real - w.committed)
  FROM w JOIN attempt a USING (bucket, task_id) WHERE a.sent_real > w.committed;

INSERT INTO fact SELECT 'no request is handed over after the answer', count(*)
  FROM w JOIN pushed p USING (task_id);
INSERT INTO finding
SELECT 'no request is handed over after the answer',
       format('race %s: %s us after', w.n, p.at - w.answered)
  FROM w JOIN pushed p USING (task_id) WHERE p.at > w.answered;

INSERT INTO fact SELECT 'no permit commits after the withdrawal', count(*)
  FROM w JOIN permit m USING (bucket, task_id);
INSERT INTO finding
SELECT 'no permit commits after the withdrawal', format('race %s: %s after', w.n,
           pg_xact_commit_timestamp(m.xmin) - w.committed)
  FROM w JOIN permit m USING (bucket, task_id)
 WHERE pg_xact_commit_timestamp(m.xmin) > w.committed;

INSERT INTO fact SELECT 'no permit asked for after the answer is granted', count(*)
  FROM race WHERE permit_sent > answered;
INSERT INTO finding SELECT 'no permit asked for after the answer is granted', 'race ' || n
  FROM race WHERE permit_sent > answered AND granted = 1;

INSERT INTO fact SELECT 'every granted permit is recorded', count(*)
  FROM race WHERE granted = 1;
INSERT INTO finding SELECT 'every granted permit is recorded', 'race ' || n
  FROM race r JOIN w USING (n) WHERE r.granted = 1
   AND NOT EXISTS (SELECT 1 FROM permit m WHERE m.bucket = w.bucket AND m.task_id = w.task_id);

INSERT INTO fact SELECT 'what a queue took was sent by an attempt', count(*)
  FROM seen WHERE event = 'accepted';
INSERT INTO finding SELECT 'what a queue took was sent by an attempt', s.task_id::text
  FROM seen s WHERE event = 'accepted'
   AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.task_id = s.task_id
                      AND a.sent_real IS NOT NULL);

INSERT INTO fact SELECT 'everything in flight is recalled', count(DISTINCT s.task_id)
  FROM seen s JOIN w USING (task_id) WHERE s.event = 'accepted';
INSERT INTO finding SELECT 'everything in flight is recalled', format('race %s: task %s', w.n,
           w.state)
  FROM w WHERE EXISTS (SELECT 1 FROM seen s WHERE s.task_id = w.task_id
                          AND s.event = 'accepted')
   AND NOT EXISTS (SELECT 1 FROM seen s WHERE s.task_id = w.task_id AND s.event = 'recalled');

-- As GET /v1/withdrawals/{id} counts.
CREATE TEMP TABLE effect AS
SELECT w.n, w.task_id, greatest(max(CASE WHEN a.task_id IS NOT NULL
           THEN coalesce(a.finished_real, 'infinity') END), x.committed_real) AS at, x.committed_real
  FROM w JOIN withdrawal x ON x.bucket = w.event_bucket AND x.withdrawal_id = w.event_id
  LEFT JOIN attempt a ON a.bucket = w.bucket AND a.task_id = w.task_id AND a.kind = 'push'
 GROUP BY w.n, w.task_id, x.committed_real;
INSERT INTO fact SELECT 'nothing arrives once it is effective', count(*)
  FROM effect JOIN seen s USING (task_id) WHERE s.event = 'accepted';
INSERT INTO finding SELECT 'nothing arrives once it is effective',
       format('race %s: %s after', e.n, s.at - e.at)
  FROM effect e JOIN seen s USING (task_id) WHERE s.event = 'accepted' AND s.at > e.at;
INSERT INTO fact SELECT 'every withdrawal becomes effective', count(*) FROM effect;
INSERT INTO finding SELECT 'every withdrawal becomes effective', format('race %s', n)
  FROM effect WHERE at = 'infinity';

INSERT INTO fact SELECT 'nothing withdrawn stays open', count(*) FROM w WHERE kind <> 2;
INSERT INTO finding SELECT 'nothing withdrawn stays open', format('race %s: %s', n, state)
  FROM w WHERE kind <> 2 AND state NOT IN ('cancelled', 'recalled', 'blocked', 'done');

CREATE TEMP TABLE permitted AS
SELECT bucket, task_id, pg_xact_commit_timestamp(xmin) AS at FROM permit;
CREATE INDEX ON permitted (at);
ANALYZE permitted;
-- A suspension: from its answer to the moment before the number was put to use again.
INSERT INTO fact SELECT 'no push or permit on a suspended number', count(*) FROM number_race;
INSERT INTO finding
SELECT 'no push or permit on a suspended number', format('number %s: a push %s us after',
           s.number_id, pg_temp.usec(a.sent_real) - s.answered)
  FROM number_race s
  JOIN attempt a ON a.sent_real > to_timestamp(s.answered / 1e6)
                AND a.sent_real < to_timestamp(s.resumed / 1e6)
  JOIN task t ON t.bucket = a.bucket AND t.task_id = a.task_id
 WHERE t.number_id = s.number_id;
INSERT INTO finding
SELECT 'no push or permit on a suspended number', format('number %s: a permit %s us after',
           s.number_id, pg_temp.usec(m.at) - s.answered)
  FROM number_race s
  JOIN permitted m ON m.at > to_timestamp(s.answered / 1e6)
                  AND m.at < to_timestamp(s.resumed / 1e6)
  JOIN task t ON t.bucket = m.bucket AND t.task_id = m.task_id
 WHERE t.number_id = s.number_id;

-- A race in which one side always wins proves nothing.
CREATE TEMP TABLE mix AS
SELECT count(*) FILTER (WHERE kind <> 2 AND state = 'cancelled') AS cancelled,
       count(*) FILTER (WHERE kind <> 2 AND state = 'recalled') AS recalled,
       (SELECT count(*) FROM attempt WHERE sent_real IS NULL) AS held_back,
       (SELECT count(*) FROM race WHERE kind = 2 AND granted = 1) AS granted,
       (SELECT count(*) FROM race WHERE kind = 2 AND granted = 0) AS refused
  FROM w;
INSERT INTO fact SELECT 'both sides win sometimes', 4;
INSERT INTO finding SELECT 'both sides win sometimes', to_json(mix)::text FROM mix
 WHERE 0 IN (cancelled, recalled, granted, refused);

SELECT format('      tasks cancelled %s, recalled %s; allowed but not sent %s; permits granted %s, refused %s',
           cancelled, recalled, held_back, granted, refused) FROM mix;
SELECT format('      commit to effect, ms: median %s, 99 of 100 %s, most %s',
           round((1000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM at - committed_real)))::numeric, 1),
           round((1000 * percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM at - committed_real)))::numeric, 1),
           round((1000 * max(extract(epoch FROM at - committed_real)))::numeric, 1))
  FROM effect WHERE at < 'infinity';
SELECT format('%s  %s: %s cases', CASE WHEN count(d.fact) = 0 THEN 'ok   ' ELSE 'BROKEN' END,
           f.fact, f.cases)
  FROM fact f LEFT JOIN finding d USING (fact) GROUP BY f.fact, f.cases ORDER BY f.fact;
SELECT format('FINDING  %s: %s', fact, what)
  FROM (SELECT *, row_number() OVER (PARTITION BY fact) AS i FROM finding) x WHERE i <= 20;
SELECT format('%s facts over %s cases, %s findings', (SELECT count(*) FROM fact),
           (SELECT sum(cases) FROM fact), (SELECT count(*) FROM finding));
