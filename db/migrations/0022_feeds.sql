-- 0022_feeds: facts that rules ask about and that only the bank's other systems know:
-- recorders, impact assessments and audits, outsourcers and their mandates, assessments of
-- risk, the clip of a voice's label, the network's identity of a caller number; and
-- registries that are asked about one number over HTTP (docs/feeds.md, docs/consent.md).

-- ---- recorders ---------------------------------------------------------------------
-- A recorder that has said nothing for max_age_sec has said nothing.
CREATE TABLE recorder (
    code        text PRIMARY KEY CHECK (code ~ '^[a-z0-9][a-z0-9_.-]{0,39}$'),
    queues      text[] NOT NULL DEFAULT '{}', -- whose calls it records; empty: all
    max_age_sec integer NOT NULL CHECK (max_age_sec BETWEEN 5 AND 86400),
    state       text CHECK (state IN ('ok', 'failed')), -- NULL: never reported
    detail      text CHECK (length(detail) BETWEEN 1 AND 200),
    state_since timestamptz,
    reported_at timestamptz,
    reported_by text,
    updated_at  timestamptz NOT NULL,
    updated_by  text NOT NULL,
    CHECK ((state IS NULL) = (reported_at IS NULL)),
    CHECK ((state IS NULL) = (state_since IS NULL))
);

-- ---- assessments --------------------------------------------------------------------
-- Before sensitive data, profiling or entrusted processing: an impact assessment, about
-- the campaigns it names. An audit of how personal data is handled names none.
CREATE TABLE assessment (
    code          text PRIMARY KEY CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$'),
    kind          text NOT NULL CHECK (kind IN ('impact', 'audit')),
    title         text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    document      text NOT NULL CHECK (length(document) BETWEEN 1 AND 200), -- reference
    document_hash bytea NOT NULL CHECK (length(document_hash) = 32), -- SHA-256
    campaigns     text[] NOT NULL DEFAULT '{}',
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz NOT NULL, -- excluded
    author        text NOT NULL,
    created_at    timestamptz NOT NULL,
    approved_by   text,
    approved_at   timestamptz,
    withdrawn_by  text,
    withdrawn_at  timestamptz,
    withdrawn_why text CHECK (length(withdrawn_why) BETWEEN 1 AND 200),
    CHECK (valid_from < valid_to),
    CHECK ((kind = 'impact') = (cardinality(campaigns) > 0)),
    CHECK (approved_by <> author),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CHECK ((withdrawn_by IS NULL) = (withdrawn_at IS NULL)),
    CHECK ((withdrawn_by IS NULL) = (withdrawn_why IS NULL))
);
-- Reports are kept for years: what one says never changes; it is approved once and
-- withdrawn once.
CREATE FUNCTION assessment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.withdrawn_at IS NOT NULL
            OR (NEW.code, NEW.kind, NEW.title, NEW.document, NEW.document_hash,
                NEW.campaigns, NEW.valid_from, NEW.valid_to, NEW.author, NEW.created_at)
               IS DISTINCT FROM
               (OLD.code, OLD.kind, OLD.title, OLD.document, OLD.document_hash,
                OLD.campaigns, OLD.valid_from, OLD.valid_to, OLD.author, OLD.created_at)
            OR (OLD.approved_by IS NOT NULL AND (NEW.approved_by, NEW.approved_at)
               IS DISTINCT FROM (OLD.approved_by, OLD.approved_at)) THEN
        RAISE EXCEPTION 'assessment % stays as it is', OLD.code
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER assessment_guard BEFORE UPDATE OR DELETE ON assessment FOR EACH ROW
    EXECUTE FUNCTION assessment_guard();
CREATE INDEX assessment_campaign_idx ON assessment USING gin (campaigns);

-- ---- outsourcers ---------------------------------------------------------------------
-- Whose staff calls in the bank's name, and by which mandate. No mandate: none may.
CREATE TABLE outsourcer (
    code          text PRIMARY KEY CHECK (code ~ '^[a-z0-9][a-z0-9_.-]{0,39}$'),
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    mandate       text CHECK (length(mandate) BETWEEN 1 AND 200), -- reference
    mandate_hash  bytea CHECK (length(mandate_hash) = 32), -- SHA-256 of the document
    mandate_from  timestamptz,
    mandate_until timestamptz,                             -- excluded
    updated_at    timestamptz NOT NULL,
    updated_by    text NOT NULL,
    CHECK (mandate_from < mandate_until),
    CHECK ((mandate IS NULL) = (mandate_hash IS NULL)),
    CHECK ((mandate IS NULL) = (mandate_from IS NULL)),
    CHECK ((mandate IS NULL) = (mandate_until IS NULL))
);
ALTER TABLE agent
    ADD COLUMN outsourcer text REFERENCES outsourcer; -- NULL: the bank's own

-- ---- assessments of risk --------------------------------------------------------------
-- Each time a customer's tolerance of risk was assessed, also when the result was not used.
CREATE TABLE risk_assessment (
    bucket         smallint NOT NULL CHECK (bucket BETWEEN 0 AND 255),
    customer_id    bigint   NOT NULL,
    assessment_ref text     NOT NULL CHECK (length(assessment_ref) BETWEEN 1 AND 64),
    assessed_at    timestamptz NOT NULL,
    rating         smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    questionnaire  text CHECK (length(questionnaire) BETWEEN 1 AND 40), -- version
    staff_device   boolean NOT NULL,
    self_completed boolean NOT NULL,
    recorded_at    timestamptz NOT NULL,
    recorded_by    text NOT NULL,
    PRIMARY KEY (bucket, customer_id, assessment_ref)
);

-- ---- the label of a synthetic voice -----------------------------------------------------
-- The clip that says so, of one version of a script; the newest counts.
CREATE TABLE script_clip (
    script      text    NOT NULL,
    version     integer NOT NULL,
    clip_id     bigint  NOT NULL GENERATED ALWAYS AS IDENTITY,
    clip        text    CHECK (length(clip) BETWEEN 1 AND 100), -- NULL: there is none any more
    clip_hash   bytea   CHECK (length(clip_hash) = 32), -- SHA-256 of the sound
    recorded_at timestamptz NOT NULL,
    recorded_by text    NOT NULL,
    PRIMARY KEY (script, version, clip_id),
    FOREIGN KEY (script, version) REFERENCES script (code, version),
    CHECK ((clip IS NULL) = (clip_hash IS NULL))
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON script_clip
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- ---- what the network says of a caller number ---------------------------------------------
ALTER TABLE number_observation
    DROP CONSTRAINT number_observation_kind_check,
    ADD CONSTRAINT number_observation_kind_check CHECK (kind IN ('label', 'attestation',
        'callback', 'complaint', 'identity')),
    DROP CONSTRAINT number_observation_check,
    ADD CONSTRAINT number_observation_check CHECK (CASE kind
        WHEN 'label' THEN value IN ('none', 'suspected', 'spam', 'scam')
            AND vendor IS NOT NULL
        WHEN 'attestation' THEN value IN ('A', 'B', 'C')
        WHEN 'callback' THEN value IN ('ok', 'failed')
        WHEN 'identity' THEN value IN ('ok', 'failed')
        ELSE value = 'complaint' END);
ALTER TABLE caller_number
    ADD COLUMN identity_ok_at timestamptz,
    ADD COLUMN identity_failed_at timestamptz;
INSERT INTO number_policy VALUES ('identity.days', 30);

-- ---- registries that are asked ------------------------------------------------------------
CREATE TABLE registry_query (
    registry      text PRIMARY KEY REFERENCES registry,
    url           text NOT NULL CHECK (length(url) BETWEEN 8 AND 500),
    secret_sealed bytea,                 -- of the Authorization header; NULL: none
    number_form   text NOT NULL CHECK (number_form IN ('e164', 'sha256', 'hmac_sha256')),
    timeout_ms    integer NOT NULL CHECK (timeout_ms BETWEEN 50 AND 5000),
    per_second    integer NOT NULL CHECK (per_second BETWEEN 1 AND 1000),
    enabled       boolean NOT NULL,
    -- on the database's clock, over all processes
    taken         integer NOT NULL DEFAULT 0,
    taken_second  timestamptz NOT NULL DEFAULT '-infinity',
    wait_until    timestamptz NOT NULL DEFAULT '-infinity', -- after a failure
    updated_at    timestamptz NOT NULL,
    updated_by    text NOT NULL,
    CHECK (number_form <> 'hmac_sha256' OR secret_sealed IS NOT NULL)
);
