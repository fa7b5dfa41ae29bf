-- 0014_consent: when a withdrawal is effective; notices, evidence and the whole consent
-- event; whom an objection binds; do-not-call and reassigned-number registries; requests to
-- revoke in free words (decision 0029).

-- ---- two times of a withdrawal -----------------------------------------------------
-- sent_real: the request was handed over to leave, under the lock that a withdrawal waits
-- for. Both on the database's clock, as begun_real.
ALTER TABLE attempt
    ADD COLUMN sent_real timestamptz,
    ADD COLUMN finished_real timestamptz,
    ADD CONSTRAINT attempt_order CHECK (finished_real IS NULL OR sent_real IS NULL
        OR finished_real >= sent_real);

ALTER TABLE recall
    ADD COLUMN asked_real timestamptz DEFAULT clock_timestamp(),
    ADD COLUMN done_real timestamptz;

-- A withdrawal or objection, and the tasks that it ended. When it is effective follows from
-- their attempts.
CREATE TABLE withdrawal (
    bucket         smallint NOT NULL,
    withdrawal_id  uuid     NOT NULL,    -- the consent event's or the objection's
    customer_id    bigint   NOT NULL,
    kind           text     NOT NULL CHECK (kind IN ('consent', 'objection')),
    committed_at   timestamptz NOT NULL, -- business time
    committed_real timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (bucket, withdrawal_id)
);
CREATE INDEX withdrawal_real_idx ON withdrawal (committed_real);
CREATE TABLE withdrawal_task (
    bucket        smallint NOT NULL,
    withdrawal_id uuid     NOT NULL,
    task_bucket   smallint NOT NULL,     -- another customer's, on a shared number
    task_id       uuid     NOT NULL,
    ended         text     NOT NULL CHECK (ended IN ('cancelled', 'recalled')),
    PRIMARY KEY (bucket, withdrawal_id, task_bucket, task_id),
    FOREIGN KEY (bucket, withdrawal_id) REFERENCES withdrawal (bucket, withdrawal_id)
);

-- ---- notices ------------------------------------------------------------------------
-- What a customer was told when asked. One version in several languages; superseded when
-- purposes, manner or kinds of data changed so that it covers what is done no more.
CREATE TABLE notice (
    version       text   NOT NULL CHECK (length(version) BETWEEN 1 AND 60),
    lang          text   NOT NULL CHECK (length(lang) BETWEEN 2 AND 35),
    purposes      text[] NOT NULL CHECK (cardinality(purposes) > 0),
    body          text   NOT NULL CHECK (length(body) BETWEEN 1 AND 100000),
    text_hash     bytea  NOT NULL CHECK (length(text_hash) = 32), -- SHA-256 of body
    author        text   NOT NULL,
    created_at    timestamptz NOT NULL,
    superseded_at timestamptz,
    superseded_by text,                  -- who said so
    PRIMARY KEY (version, lang),
    CHECK (text_hash = sha256(convert_to(body, 'UTF8'))),
    CHECK ((superseded_at IS NULL) = (superseded_by IS NULL))
);
-- What was shown is never changed; it is superseded once.
CREATE FUNCTION notice_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.superseded_at IS NOT NULL
            OR (NEW.version, NEW.lang, NEW.purposes, NEW.body, NEW.author, NEW.created_at)
               IS DISTINCT FROM
               (OLD.version, OLD.lang, OLD.purposes, OLD.body, OLD.author, OLD.created_at) THEN
        RAISE EXCEPTION 'notice % (%): what customers were shown is not changed',
            OLD.version, OLD.lang USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER notice_guard BEFORE UPDATE OR DELETE ON notice FOR EACH ROW
    EXECUTE FUNCTION notice_guard();

-- ---- evidence -------------------------------------------------------------------------
-- The blobs lie elsewhere (recordings, scans). Here is what each hashed to whenever
-- somebody looked; the newest look counts.
CREATE TABLE evidence_check (
    evidence   text   NOT NULL CHECK (length(evidence) BETWEEN 1 AND 200), -- reference
    check_id   bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    found_hash bytea  CHECK (length(found_hash) = 32), -- NULL: it was not there
    bytes      bigint CHECK (bytes >= 0),
    media      text,
    actor      text   NOT NULL,
    checked_at timestamptz NOT NULL,
    PRIMARY KEY (evidence, check_id)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence_check
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- ---- the whole consent event ------------------------------------------------------------
-- subject: contact (may we?) or profiling (opt-out and opt-in). separate_kind: the separate
-- consent to use a kind of sensitive data. written: a signed agreement (to automated calls:
-- for one number). guardian: given for a minor, and by whom.
ALTER TABLE consent_event
    ADD COLUMN subject text NOT NULL DEFAULT 'contact'
        CHECK (subject IN ('contact', 'profiling')),
    ADD COLUMN separate_kind text CHECK (length(separate_kind) BETWEEN 1 AND 60),
    ADD COLUMN written boolean NOT NULL DEFAULT false,
    ADD COLUMN guardian text CHECK (length(guardian) BETWEEN 1 AND 64),
    ADD COLUMN controller text NOT NULL DEFAULT 'bank',
    ADD COLUMN evidence_sha256 bytea CHECK (length(evidence_sha256) = 32), -- of the blob
    DROP CONSTRAINT consent_event_action_check,
    ADD CONSTRAINT consent_event_action_check
        CHECK (action IN ('grant', 'withdraw', 'expire', 'refuse'));

-- ---- whom an objection binds ---------------------------------------------------------------
ALTER TABLE objection
    ADD COLUMN scope text NOT NULL DEFAULT 'person'
        CHECK (scope IN ('person', 'number', 'household')),
    ADD COLUMN household_ref text,
    ADD COLUMN cause text,               -- the carrier's, of a carrier_reject
    ADD COLUMN lifted_by text,
    ADD COLUMN lift_evidence text;
UPDATE objection SET scope = 'number' WHERE phone_index IS NOT NULL;
-- Importers and older statements say it by the number alone.
CREATE FUNCTION objection_scope() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.phone_index IS NOT NULL AND NEW.scope = 'person' THEN
        NEW.scope := 'number';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER objection_scope BEFORE INSERT ON objection FOR EACH ROW
    EXECUTE FUNCTION objection_scope();
ALTER TABLE objection
    ADD CONSTRAINT objection_scope CHECK ((scope = 'household') = (household_ref IS NOT NULL));
CREATE INDEX objection_household_idx ON objection (household_ref)
    WHERE household_ref IS NOT NULL;

-- What a carrier's answer to a call means. SIP's own causes; a carrier's are added as data.
CREATE TABLE carrier_cause (
    cause   text PRIMARY KEY CHECK (cause ~ '^[a-z0-9][a-z0-9_.-]{0,39}$'),
    effect  text NOT NULL CHECK (effect IN ('reject_list', 'refusal', 'none')),
    text_zh text NOT NULL,
    text_en text NOT NULL,
    source  text NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by text NOT NULL
);
INSERT INTO carrier_cause VALUES
    ('sip-486', 'none', '忙', 'Busy here', 'RFC 3261 21.4.24', now(), 'steward'),
    ('sip-480', 'none', '暂时无法接通', 'Temporarily unavailable', 'RFC 3261 21.4.18', now(), 'steward'),
    ('sip-603', 'refusal', '被叫拒接', 'Decline', 'RFC 3261 21.6.2', now(), 'steward'),
    ('sip-607', 'reject_list', '被叫标记为骚扰电话', 'Unwanted', 'RFC 8197', now(), 'steward'),
    ('sip-608', 'reject_list', '被运营商拦截', 'Rejected', 'RFC 8688', now(), 'steward');

-- ---- registries ------------------------------------------------------------------------------
-- A do-not-call registry, or one of reassigned numbers. A file is a version: it becomes the
-- one in force at once, whole, and readers of the one before are not disturbed.
CREATE TABLE registry (
    code           text PRIMARY KEY CHECK (code ~ '^[A-Z][A-Z0-9-]{1,39}$'), -- US-DNC
    kind           text NOT NULL CHECK (kind IN ('do_not_call', 'reassigned')),
    country        text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    name_zh        text NOT NULL,
    name_en        text NOT NULL,
    channels       text[] NOT NULL DEFAULT '{}', -- empty: all
    freshness_days integer NOT NULL CHECK (freshness_days BETWEEN 1 AND 3660),
    grace_days     integer NOT NULL DEFAULT 0 CHECK (grace_days BETWEEN 0 AND 365),
    up             boolean NOT NULL DEFAULT true, -- the registry's service answers
    up_since       timestamptz NOT NULL,
    active_version integer,
    updated_at     timestamptz NOT NULL,
    updated_by     text NOT NULL
);
CREATE TABLE registry_version (
    registry      text    NOT NULL REFERENCES registry,
    version       integer NOT NULL CHECK (version > 0),
    file_hash     bytea   NOT NULL CHECK (length(file_hash) = 32),
    index_version smallint NOT NULL,     -- of the key of its numbers' hashes
    obtained_at   timestamptz NOT NULL,  -- from the registry
    loaded_at     timestamptz NOT NULL,
    actor         text    NOT NULL,
    rows_listed   bigint  NOT NULL,
    rows_rejected bigint  NOT NULL,
    PRIMARY KEY (registry, version),
    UNIQUE (registry, file_hash, obtained_at)
);
CREATE TABLE registry_entry (
    registry    text    NOT NULL,
    version     integer NOT NULL,
    phone_index bytea   NOT NULL,        -- keyed hash, never the number
    listed_on   date,                    -- NULL: the file does not say
    PRIMARY KEY (registry, version, phone_index)
);
-- Answers to questions about one number, each kept.
CREATE TABLE registry_result (
    registry     text   NOT NULL REFERENCES registry,
    phone_index  bytea  NOT NULL,
    result_id    bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    answer       text   NOT NULL CHECK (answer IN ('listed', 'not_listed', 'reassigned',
        'not_reassigned', 'no_data')),
    index_version smallint NOT NULL,
    listed_on    date,
    consent_date date,                   -- the day that was asked about (reassigned)
    reference    text CHECK (length(reference) BETWEEN 1 AND 200), -- the registry's
    obtained_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    actor        text   NOT NULL,
    PRIMARY KEY (registry, phone_index, result_id)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON registry_result
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- ---- requests to revoke in free words ---------------------------------------------------------
-- The withdrawal is recorded when the request comes; a person then reads it by the deadline,
-- and confirms it or restores what was not meant.
CREATE TABLE revocation_request (
    bucket       smallint NOT NULL,
    request_id   uuid     NOT NULL,      -- also of the withdrawal it caused
    customer_id  bigint   NOT NULL,
    received_at  timestamptz NOT NULL,
    received_by  text     NOT NULL,      -- channel it came by
    words_sealed bytea,                  -- what the customer wrote or said
    deadline     timestamptz NOT NULL,   -- exclusive
    rule         text     NOT NULL,      -- the working days and calendar that made it
    state        text     NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'confirmed',
        'not_meant')),
    settled_at   timestamptz,
    settled_by   text,
    note         text CHECK (length(note) <= 400),
    breached_at  timestamptz,            -- the deadline passed while it was open
    PRIMARY KEY (bucket, request_id),
    CHECK ((state = 'open') = (settled_at IS NULL)),
    CHECK ((settled_at IS NULL) = (settled_by IS NULL))
);
CREATE INDEX revocation_request_open_idx ON revocation_request (deadline)
    WHERE state = 'open';
