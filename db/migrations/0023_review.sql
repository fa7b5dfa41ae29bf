-- 0023_review: attempts that can be searched, and records that go when their time is over.

-- ---- attempts -----------------------------------------------------------------------
-- What dialler and carrier say of a call beside its start and its number.
ALTER TABLE call_record
    ADD COLUMN ring_sec integer CHECK (ring_sec >= 0),
    ADD COLUMN talk_sec integer CHECK (talk_sec >= 0),
    ADD COLUMN answered_by text CHECK (answered_by IN ('human', 'machine', 'none')),
    ADD COLUMN abandoned boolean,        -- answered, and nobody there for the customer
    ADD COLUMN recording text CHECK (length(recording) BETWEEN 1 AND 200), -- reference
    ADD COLUMN recording_sha256 bytea CHECK (octet_length(recording_sha256) = 32),
    ADD COLUMN retention_class text CHECK (retention_class IN ('call_recording',
        'dual_recording')),
    ADD CHECK (recording IS NULL OR retention_class IS NOT NULL);
-- What the agent says of it beside the outcome.
ALTER TABLE outcome
    ADD COLUMN disclosures text[] NOT NULL DEFAULT '{}', -- said: identity, recording, ...
    ADD COLUMN product text;             -- product.code that was spoken of

-- Dial attempts are the decisions at gate C, allowed or not. In the order in which they
-- are shown, by what they are searched for: a page reads what it shows.
CREATE INDEX decision_dial_idx ON decision (decided_at, decision_id) WHERE gate = 'C';
CREATE INDEX decision_dial_agent_idx ON decision (agent, decided_at, decision_id)
    WHERE gate = 'C';
CREATE INDEX decision_dial_campaign_idx ON decision (campaign_id, decided_at, decision_id)
    WHERE gate = 'C';
CREATE INDEX decision_dial_number_idx ON decision (number_id, decided_at, decision_id)
    WHERE gate = 'C';
-- Refusals by reason, at any gate.
CREATE INDEX decision_code_idx ON decision USING gin (codes) WITH (fastupdate = off)
    WHERE gate = 'C' AND codes <> '{}';
-- Two of the same.
DROP INDEX permit_granted_idx;
CREATE INDEX call_record_time_idx ON call_record (started_at);

-- An attempt with what is known of it beside its outcome.
CREATE VIEW attempt_record AS
SELECT d.decision_id, d.bucket, d.decided_at, c.ref, p.phone_mask, k.code AS campaign, d.version,
       d.task_id, t.handler, d.channel, d.purpose, d.agent, n.number, d.outcome,
       d.primary_code, d.codes, m.permit_id, r.started_at, r.duration_sec, r.ring_sec,
       r.answered_by, r.talk_sec, r.number_sent, r.fate, r.abandoned, r.recording,
       r.recording_sha256, r.retention_class, d.customer_id, d.point_id, d.campaign_id,
       d.number_id
  FROM decision d
  JOIN customer c ON c.bucket = d.bucket AND c.customer_id = d.customer_id
  LEFT JOIN contact_point p ON p.bucket = d.bucket AND p.point_id = d.point_id
  LEFT JOIN campaign k ON k.campaign_id = d.campaign_id
  LEFT JOIN caller_number n ON n.number_id = d.number_id
  LEFT JOIN task t ON t.bucket = d.bucket AND t.task_id = d.task_id
  LEFT JOIN LATERAL (SELECT x.permit_id FROM permit x
                      WHERE x.bucket = d.bucket AND x.task_id = d.task_id
                        AND x.decision_id = d.decision_id LIMIT 1) m ON true
  LEFT JOIN LATERAL (SELECT x.* FROM call_record x
                      WHERE x.bucket = d.bucket AND x.task_id = d.task_id
                        AND x.permit_id = m.permit_id
                      ORDER BY x.started_at DESC LIMIT 1) r ON true
 WHERE d.gate = 'C';

-- ---- retention ----------------------------------------------------------------------
-- One run: what it may take is what these rules gave.
CREATE TABLE retention_run (
    run_id      uuid PRIMARY KEY,
    started_at  timestamptz NOT NULL,
    actor       text NOT NULL,
    finished_at timestamptz
);
-- What went, by class, a row a batch; an entry of the ledger each.
CREATE TABLE retention_batch (
    batch_id uuid PRIMARY KEY,
    run_id   uuid NOT NULL REFERENCES retention_run,
    class    text NOT NULL,
    rule_id  text NOT NULL,              -- the one that kept it longest
    cutoff   timestamptz NOT NULL,       -- records made before it
    rows     bigint NOT NULL CHECK (rows > 0),
    ids_hash bytea NOT NULL CHECK (octet_length(ids_hash) = 32), -- SHA-256, in their order
    at       timestamptz NOT NULL
);
CREATE INDEX retention_batch_run_idx ON retention_batch (run_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON retention_batch
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- What is not taken whatever its age: a customer's on legal hold, complained about, or of an
-- incident that is not closed.
CREATE INDEX incident_customer_idx ON incident (bucket, customer_id) WHERE state = 'open';
CREATE FUNCTION retention_held(which smallint, who bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM customer c
                    WHERE c.bucket = which AND c.customer_id = who AND c.legal_hold)
        OR EXISTS (SELECT 1 FROM complaint x
                    WHERE x.bucket = which AND x.customer_id = who AND x.state = 'open')
        OR EXISTS (SELECT 1 FROM incident i
                    WHERE i.bucket = which AND i.customer_id = who AND i.state = 'open')
$$;
CREATE INDEX task_over_idx ON task (updated_at) WHERE state IN ('done', 'no_contact',
    'expired', 'cancelled', 'recalled', 'blocked', 'failed');
CREATE INDEX call_record_recording_idx ON call_record (started_at) WHERE recording IS NOT NULL;
CREATE INDEX complaint_settled_idx ON complaint (settled_at) WHERE state = 'settled';
CREATE INDEX customer_closed_idx ON customer (closed_on) WHERE closed_on IS NOT NULL;

-- What is left of a decision: the hash that its entry of the ledger names.
CREATE TABLE decision_gone (
    bucket      smallint NOT NULL,
    decision_id uuid     NOT NULL,
    record_hash bytea    NOT NULL,
    batch_id    uuid     NOT NULL,
    PRIMARY KEY (bucket, decision_id)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision_gone
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- History is added to, and goes only in a run of retention that has said so: the setting
-- names it and lasts as long as the transaction.
CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'TRUNCATE'
            AND TG_TABLE_NAME IN ('decision', 'outcome', 'call_record', 'consent_event',
                'complaint_step')
            AND EXISTS (SELECT 1 FROM retention_run
                WHERE run_id::text = current_setting('steward.retention_run', true)
                  AND finished_at IS NULL) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
