-- 0013_number: the registry of caller numbers to its full extent: two persons for every
-- change, documents by hash, the carrier's ledger beside it, health, reservations, what
-- the dialler really sent, and incidents.

-- ---- the number ------------------------------------------------------------------
ALTER TABLE caller_number
    ADD COLUMN port text CHECK (port IN ('notice', 'marketing')), -- 106x only
    ADD COLUMN line_type text,
    ADD COLUMN registered_purpose text,      -- the carrier's words
    ADD COLUMN undertaking_hash bytea,       -- call-centre codes: the written undertaking
    ADD COLUMN lessor text,                  -- somebody else's line: whose
    ADD COLUMN lessee text,                  -- lent on: to whom
    ADD COLUMN sub_let boolean NOT NULL DEFAULT false,
    ADD COLUMN withheld boolean NOT NULL DEFAULT false, -- the line sends no number
    -- observed, not registered: the newest observation of each sort
    ADD COLUMN label text CHECK (label IN ('none', 'suspected', 'spam', 'scam')),
    ADD COLUMN label_vendor text,
    ADD COLUMN label_score integer CHECK (label_score BETWEEN 0 AND 100),
    ADD COLUMN label_at timestamptz,
    ADD COLUMN attestation text CHECK (attestation IN ('A', 'B', 'C')),
    ADD COLUMN callback_ok_at timestamptz,
    ADD COLUMN callback_failed_at timestamptz,
    ADD COLUMN ledger_synced_at timestamptz, -- seen in the carrier's ledger
    ADD COLUMN suspended_by text CHECK (suspended_by IN ('person', 'health', 'ledger')),
    ADD COLUMN cooldown_until timestamptz,   -- no return by itself before
    ADD COLUMN health_from timestamptz;      -- rates count from here on
-- Of the two sorts of 106x ports the one that may do less.
UPDATE caller_number SET port = 'notice' WHERE kind = '106x';
UPDATE caller_number SET suspended_by = 'person' WHERE status = 'suspended';
ALTER TABLE caller_number
    ADD CONSTRAINT caller_number_hashes CHECK (
        (approval_hash IS NULL OR length(approval_hash) = 32)
        AND (undertaking_hash IS NULL OR length(undertaking_hash) = 32)),
    ADD CONSTRAINT caller_number_port CHECK ((kind = '106x') = (port IS NOT NULL)),
    ADD CONSTRAINT caller_number_licence CHECK (licence_from < licence_to),
    ADD CONSTRAINT caller_number_suspended
        CHECK ((status = 'suspended') = (suspended_by IS NOT NULL));

-- Which states may follow which, and how many persons that takes. As number_moves in
-- campaigns/number.c; a test compares the two.
CREATE TABLE number_move (
    from_status text NOT NULL,
    to_status   text NOT NULL,
    persons     smallint NOT NULL CHECK (persons IN (1, 2)),
    why         text NOT NULL,
    PRIMARY KEY (from_status, to_status)
);
INSERT INTO number_move VALUES
    ('planned', 'active', 2, 'licence and documents are there'),
    ('planned', 'recalled', 2, 'never put to use'),
    ('active', 'suspended', 1, 'at once: a person, its health, the carrier''s ledger'),
    ('active', 'recalled', 2, 'given back'),
    ('suspended', 'active', 2, 'looked into, or cooled down by rule'),
    ('suspended', 'recalled', 2, 'given back');

-- ---- changes: proposed by one, approved by another ----------------------------------
CREATE TABLE number_proposal (
    proposal_id  uuid PRIMARY KEY,
    action       text NOT NULL CHECK (action IN ('register', 'change', 'status', 'matrix',
        'policy')),
    number_id    bigint REFERENCES caller_number,
    base_version integer,                -- what the proposer looked at
    document     text NOT NULL,          -- canonical JSON of what is proposed
    reason       text NOT NULL CHECK (length(trim(reason)) > 0),
    proposer     text NOT NULL,
    proposed_at  timestamptz NOT NULL,
    effective_at timestamptz NOT NULL,
    CHECK ((action IN ('change', 'status')) = (number_id IS NOT NULL)),
    CHECK ((number_id IS NULL) = (base_version IS NULL))
);
CREATE INDEX number_proposal_number_idx ON number_proposal (number_id, proposed_at);
CREATE TABLE number_verdict (
    proposal_id uuid PRIMARY KEY REFERENCES number_proposal,
    verdict     text NOT NULL CHECK (verdict IN ('approved', 'rejected', 'withdrawn')),
    decided_by  text NOT NULL,
    at          timestamptz NOT NULL,
    note        text
);
-- What became of an approved proposal on the day it took effect.
CREATE TABLE number_effect (
    proposal_id uuid PRIMARY KEY REFERENCES number_proposal,
    at          timestamptz NOT NULL,
    failure     text                     -- NULL: in force
);
CREATE FUNCTION number_verdict_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE who text;
BEGIN
    SELECT proposer INTO STRICT who FROM number_proposal
     WHERE proposal_id = NEW.proposal_id;
    IF (NEW.verdict = 'approved' AND NEW.decided_by = who)
            OR (NEW.verdict = 'withdrawn' AND NEW.decided_by <> who) THEN
        RAISE EXCEPTION 'proposal %: % by its proposer or somebody else', NEW.proposal_id,
            NEW.verdict USING ERRCODE = 'check_violation',
            CONSTRAINT = 'number_two_persons';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER number_verdict_guard BEFORE INSERT ON number_verdict
    FOR EACH ROW EXECUTE FUNCTION number_verdict_guard();
CREATE FUNCTION number_effect_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM number_verdict v
            WHERE v.proposal_id = NEW.proposal_id AND v.verdict = 'approved') THEN
        RAISE EXCEPTION 'proposal %: not approved', NEW.proposal_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'number_two_persons';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER number_effect_guard BEFORE INSERT ON number_effect
    FOR EACH ROW EXECUTE FUNCTION number_effect_guard();

-- One row a version: who asked, who agreed, and the number as it was from then on. What
-- one person or a rule may do alone makes a number safer, or was agreed on as a rule.
ALTER TABLE caller_number_change
    ADD COLUMN approver text,
    ADD COLUMN proposal_id uuid REFERENCES number_proposal,
    ADD COLUMN reason text,
    ADD COLUMN document text,            -- canonical JSON after the change
    ADD CONSTRAINT caller_number_two_persons CHECK (what IN ('suspended', 'returned')
        OR (approver IS NOT NULL AND approver <> actor)) NOT VALID;

CREATE FUNCTION caller_number_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status AND NOT EXISTS (SELECT 1 FROM number_move
            WHERE from_status = OLD.status AND to_status = NEW.status) THEN
        RAISE EXCEPTION 'caller number %: no move from % to %', OLD.number_id, OLD.status,
            NEW.status USING ERRCODE = 'check_violation', CONSTRAINT = 'number_move';
    END IF;
    IF OLD.status = 'recalled' THEN
        RAISE EXCEPTION 'caller number %: recalled for good', OLD.number_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'number_move';
    END IF;
    IF NEW.number_id <> OLD.number_id OR NEW.number <> OLD.number
            OR NEW.version NOT IN (OLD.version, OLD.version + 1) THEN
        RAISE EXCEPTION 'caller number %: identity and version cannot change',
            OLD.number_id USING ERRCODE = 'check_violation', CONSTRAINT = 'number_identity';
    END IF;
    IF NEW.version = OLD.version
            AND (NEW.kind, NEW.port, NEW.pool, NEW.holder, NEW.user_org, NEW.carrier,
                NEW.line_type, NEW.regions, NEW.direction, NEW.channels, NEW.purposes,
                NEW.robot, NEW.licence_no, NEW.licence_from, NEW.licence_to,
                NEW.approval_hash, NEW.undertaking_hash, NEW.registered_purpose,
                NEW.lessor, NEW.lessee, NEW.sub_let, NEW.withheld, NEW.status,
                NEW.status_reason, NEW.daily_cap, NEW.hourly_cap)
            IS DISTINCT FROM (OLD.kind, OLD.port, OLD.pool, OLD.holder, OLD.user_org,
                OLD.carrier, OLD.line_type, OLD.regions, OLD.direction, OLD.channels,
                OLD.purposes, OLD.robot, OLD.licence_no, OLD.licence_from, OLD.licence_to,
                OLD.approval_hash, OLD.undertaking_hash, OLD.registered_purpose,
                OLD.lessor, OLD.lessee, OLD.sub_let, OLD.withheld, OLD.status,
                OLD.status_reason, OLD.daily_cap, OLD.hourly_cap) THEN
        RAISE EXCEPTION 'caller number %: what is registered changes with its version',
            OLD.number_id USING ERRCODE = 'check_violation', CONSTRAINT = 'number_version';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER caller_number_guard BEFORE UPDATE ON caller_number
    FOR EACH ROW EXECUTE FUNCTION caller_number_guard();

-- At the end of the transaction: a version has its row of history, and a move that takes
-- two persons names both or, for a return by rule, followed a suspension by rule.
CREATE FUNCTION caller_number_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE c caller_number_change%ROWTYPE;
BEGIN
    SELECT * INTO c FROM caller_number_change
     WHERE number_id = NEW.number_id AND version = NEW.version;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'caller number %: version % has no row of history', NEW.number_id,
            NEW.version USING ERRCODE = 'check_violation', CONSTRAINT = 'number_history';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.status <> OLD.status AND c.approver IS NULL
            AND (SELECT persons FROM number_move WHERE from_status = OLD.status
                AND to_status = NEW.status) = 2
            AND NOT (c.what = 'returned' AND OLD.suspended_by = 'health') THEN
        RAISE EXCEPTION 'caller number %: from % to % takes two persons', NEW.number_id,
            OLD.status, NEW.status USING ERRCODE = 'check_violation',
            CONSTRAINT = 'number_two_persons';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER caller_number_history AFTER INSERT OR UPDATE OF version
    ON caller_number DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION caller_number_history();

-- The bank's own matrix over the one that travels in the binary: the newest row of a
-- kind, port and purpose counts. A looser one names the document that allows it.
CREATE TABLE number_matrix (
    proposal_id   uuid PRIMARY KEY REFERENCES number_proposal,
    kind          text NOT NULL,
    port          text,
    subject       text NOT NULL,         -- a purpose, or ROBOT
    verdict       text NOT NULL CHECK (verdict IN ('yes', 'registered', 'undertaking',
        'approval', 'no')),
    approval_hash bytea CHECK (length(approval_hash) = 32),
    at            timestamptz NOT NULL
);
CREATE INDEX number_matrix_idx ON number_matrix (kind, subject, at);

-- Thresholds of health and of the ledger's differences. No law sets them: house policy.
-- Shares in hundredths of a percent; *_min: below so many the rate says nothing.
CREATE TABLE number_policy (
    name  text PRIMARY KEY,
    value bigint NOT NULL CHECK (value >= 0)
);
INSERT INTO number_policy VALUES
    ('answer.window_hours', 24), ('answer.min', 50), ('answer.suspend_bp', 500),
    ('answer.return_bp', 800), ('answer.cooldown_hours', 24), ('answer.auto_return', 1),
    ('complaint.window_hours', 168), ('complaint.min', 100), ('complaint.suspend_bp', 100),
    ('complaint.return_bp', 50), ('complaint.cooldown_hours', 72),
    ('complaint.auto_return', 0),
    ('label.window_hours', 168), ('label.min', 2), ('label.suspend_bp', 5000),
    ('label.return_bp', 0), ('label.cooldown_hours', 72), ('label.auto_return', 0),
    ('ledger.gone', 1), ('ledger.holder', 1), ('ledger.licence', 1), ('ledger.status', 1),
    ('ledger.changed', 0), ('ledger.new', 0);

-- ---- what is seen of a number ---------------------------------------------------------
CREATE TABLE number_observation (
    observation_id uuid PRIMARY KEY,
    number_id   bigint NOT NULL REFERENCES caller_number,
    kind        text NOT NULL CHECK (kind IN ('label', 'attestation', 'callback',
        'complaint')),
    value       text NOT NULL,
    vendor      text,
    score       integer CHECK (score BETWEEN 0 AND 100),
    reference   text,                    -- of a complaint, a test call
    at          timestamptz NOT NULL,
    actor       text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CHECK (CASE kind
        WHEN 'label' THEN value IN ('none', 'suspected', 'spam', 'scam') AND vendor IS NOT NULL
        WHEN 'attestation' THEN value IN ('A', 'B', 'C')
        WHEN 'callback' THEN value IN ('ok', 'failed')
        ELSE value = 'complaint' END)
);
CREATE INDEX number_observation_idx ON number_observation (number_id, kind, at);

-- ---- use ------------------------------------------------------------------------------
-- Used, by campaign as well (0: of no campaign).
ALTER TABLE number_use ADD COLUMN campaign_id bigint NOT NULL DEFAULT 0;
ALTER TABLE number_use DROP CONSTRAINT number_use_pkey;
ALTER TABLE number_use ADD PRIMARY KEY (number_id, hour, purpose, campaign_id);
-- A place under the daily cap, kept for a contact that was dispatched. Written and counted
-- under the number's lock; given back when the task goes no further.
CREATE TABLE number_hold (
    hold_id    uuid PRIMARY KEY,         -- the task
    number_id  bigint NOT NULL REFERENCES caller_number,
    purpose    text NOT NULL,
    at         timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > at)
);
CREATE INDEX number_hold_number_idx ON number_hold (number_id, expires_at);
CREATE FUNCTION number_hold_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM number_hold WHERE hold_id = NEW.task_id;
    RETURN NULL;
END $$;
CREATE TRIGGER number_hold_release AFTER UPDATE OF state ON task FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND NEW.state IN ('planned', 'done', 'no_contact',
        'expired', 'cancelled', 'recalled', 'blocked', 'failed'))
    EXECUTE FUNCTION number_hold_release();
-- What came of calls, by number and the hour it was recorded.
CREATE TABLE number_tally (
    number_id  bigint NOT NULL REFERENCES caller_number,
    hour       timestamptz NOT NULL,
    calls      integer NOT NULL DEFAULT 0 CHECK (calls >= 0),
    answered   integer NOT NULL DEFAULT 0 CHECK (answered >= 0),
    complaints integer NOT NULL DEFAULT 0 CHECK (complaints >= 0),
    PRIMARY KEY (number_id, hour)
);
-- The number a customer saw last, of each pool: the customer sees it again.
CREATE TABLE number_seen (
    bucket      smallint NOT NULL,
    customer_id bigint   NOT NULL,
    pool        text     NOT NULL,
    number_id   bigint   NOT NULL REFERENCES caller_number,
    at          timestamptz NOT NULL,
    PRIMARY KEY (bucket, customer_id, pool)
);

-- ---- the carrier's ledger ----------------------------------------------------------------
CREATE TABLE number_snapshot (
    snapshot_id uuid PRIMARY KEY,
    carrier     text NOT NULL,
    as_of       date NOT NULL,
    file_hash   bytea NOT NULL,
    loaded_at   timestamptz NOT NULL,
    loaded_by   text NOT NULL,
    lines       integer NOT NULL CHECK (lines > 0)
);
CREATE UNIQUE INDEX number_snapshot_file_idx ON number_snapshot (carrier, as_of, file_hash);
CREATE TABLE number_snapshot_row (
    snapshot_id  uuid NOT NULL REFERENCES number_snapshot,
    number       text NOT NULL,
    holder       text NOT NULL,
    user_org     text,
    kind         text,
    licence_no   text,
    licence_from date,
    licence_to   date,                   -- the day it ends, exclusive
    purposes     text[],
    regions      text[],
    status       text,
    PRIMARY KEY (snapshot_id, number)
);
CREATE TABLE number_difference (
    difference_id uuid PRIMARY KEY,
    snapshot_id   uuid NOT NULL REFERENCES number_snapshot,
    number        text NOT NULL,
    number_id     bigint REFERENCES caller_number,
    kind          text NOT NULL CHECK (kind IN ('new', 'gone', 'changed', 'holder',
        'licence', 'status')),
    field         text NOT NULL,
    was           text,                  -- in the registry, or in the day before
    is_now        text,
    suspended     boolean NOT NULL,      -- the number was suspended for it
    found_at      timestamptz NOT NULL,
    UNIQUE (snapshot_id, number, field)
);
CREATE TABLE number_settlement (
    difference_id uuid PRIMARY KEY REFERENCES number_difference,
    settled_by    text NOT NULL,
    at            timestamptz NOT NULL,
    note          text NOT NULL CHECK (length(trim(note)) > 0)
);

-- ---- what was really sent ------------------------------------------------------------------
-- One row a call of the dialler's or carrier's records. The number called is used to find
-- the permit and is not kept.
CREATE TABLE call_record (
    record_id    uuid PRIMARY KEY,
    source       text NOT NULL,
    reference    text NOT NULL,
    number_sent  text NOT NULL,          -- '': withheld
    started_at   timestamptz NOT NULL,
    duration_sec integer NOT NULL CHECK (duration_sec >= 0),
    bucket       smallint,
    task_id      uuid,
    permit_id    uuid,
    number_id    bigint REFERENCES caller_number, -- that was approved
    fate         text NOT NULL CHECK (fate IN ('matched', 'mismatch', 'unmatched')),
    recorded_at  timestamptz NOT NULL,
    UNIQUE (source, reference),
    CHECK ((fate = 'unmatched') = (permit_id IS NULL))
);
CREATE INDEX call_record_fate_idx ON call_record (fate, started_at, record_id);
CREATE INDEX call_record_task_idx ON call_record (bucket, task_id) WHERE task_id IS NOT NULL;
-- To find the permit of a call that names none.
CREATE INDEX permit_granted_idx ON permit (granted_at);

-- ---- incidents -------------------------------------------------------------------------------
-- Something went out that should not have, whatever part of the bank did it. Opened by a
-- rule, closed by a person.
CREATE TABLE incident (
    incident_id uuid PRIMARY KEY,
    code        text NOT NULL,           -- of the reason-code registry
    bucket      smallint,                -- NULL: about no customer
    customer_id bigint,
    task_id     uuid,
    decision_id uuid,
    campaign_id bigint,
    number_id   bigint,
    subject     text,                    -- what else it is about: a record, a snapshot
    detected_at timestamptz NOT NULL,
    evidence    jsonb NOT NULL,          -- no personal data
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    closed_by   text,
    closed_at   timestamptz,
    note        text,
    CHECK ((state = 'closed') = (closed_by IS NOT NULL AND closed_at IS NOT NULL
        AND note IS NOT NULL)),
    CHECK (customer_id IS NULL OR bucket IS NOT NULL)
);
CREATE UNIQUE INDEX incident_subject_idx ON incident (code, subject)
    WHERE subject IS NOT NULL;
CREATE FUNCTION incident_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'closed' THEN
        RAISE EXCEPTION 'incident % stays as it is', OLD.incident_id
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER incident_guard BEFORE UPDATE OR DELETE ON incident
    FOR EACH ROW EXECUTE FUNCTION incident_guard();
CREATE INDEX incident_time_idx ON incident (detected_at, incident_id);
CREATE INDEX incident_number_idx ON incident (number_id) WHERE state = 'open';

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['number_proposal', 'number_verdict', 'number_effect',
        'number_matrix', 'number_observation', 'number_snapshot', 'number_snapshot_row',
        'number_difference', 'number_settlement', 'call_record'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON %I FOR EACH STATEMENT EXECUTE FUNCTION append_only()', name);
    END LOOP;
END $$;
