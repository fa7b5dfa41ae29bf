-- 0021_override: what persons allowed although a rule put it up for review, or house policy
-- forbids it (compliance.md section 3, decision 0033); what campaigns and products say that
-- rules ask for; carriers' refusals.

-- One answer to one reason of one decision: by one person to a review, by two to a block of
-- layer policy, never to a law's. It is about the customer, in one campaign and on one number
-- unless it says otherwise, from its approval until it expires or is withdrawn.
CREATE TABLE gate_override (
    bucket       smallint NOT NULL,
    override_id  uuid     NOT NULL,      -- last byte: the bucket
    customer_id  bigint   NOT NULL,
    campaign_id  bigint   REFERENCES campaign, -- NULL: every campaign
    point_id     bigint,                 -- NULL: every contact point
    decision_id  uuid     NOT NULL,      -- that it answers
    kind         text     NOT NULL CHECK (kind IN ('review_approval', 'policy_override')),
    code         text     NOT NULL,      -- the reason
    rule         text     CHECK (rule NOT LIKE 'SYS-%'), -- NULL: whichever says the code
    layer        text     NOT NULL CHECK (layer IN ('law', 'regulator', 'industry', 'policy')),
    outcome      text     NOT NULL CHECK (outcome IN ('REVIEW', 'BLOCK')),
    reason       text     NOT NULL CHECK (length(reason) BETWEEN 10 AND 400),
    requested_by text     NOT NULL CHECK (requested_by <> ''),
    requested_at timestamptz NOT NULL,
    approved_by  text     CHECK (approved_by <> ''),
    approved_at  timestamptz,
    closed_by    text     CHECK (closed_by <> ''), -- who rejected or withdrew it
    closed_at    timestamptz,
    expires_at   timestamptz NOT NULL,   -- exclusive
    state        text     NOT NULL
        CHECK (state IN ('requested', 'approved', 'rejected', 'withdrawn')),
    PRIMARY KEY (bucket, override_id),
    FOREIGN KEY (bucket, customer_id) REFERENCES customer (bucket, customer_id),
    FOREIGN KEY (bucket, decision_id) REFERENCES decision (bucket, decision_id),
    CHECK (bucket = get_byte(uuid_send(override_id), 15)),
    CHECK ((kind = 'review_approval') = (outcome = 'REVIEW')),
    CHECK (outcome = 'REVIEW' OR (layer = 'policy' AND rule IS NOT NULL)),
    CHECK (kind = 'review_approval' OR approved_by <> requested_by),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CHECK (approved_at IS NULL OR (approved_at >= requested_at AND approved_at < expires_at)),
    CHECK ((closed_by IS NULL) = (closed_at IS NULL)),
    CHECK ((state = 'approved') = (approved_by IS NOT NULL AND closed_by IS NULL)),
    CHECK ((state IN ('rejected', 'withdrawn')) = (closed_by IS NOT NULL)),
    CHECK (state <> 'rejected' OR approved_by IS NULL),
    -- For ever is nobody's to allow; the setting override-days says less.
    CHECK (expires_at > requested_at AND expires_at - requested_at <= interval '90 days')
);
CREATE INDEX gate_override_customer_idx ON gate_override (bucket, customer_id, state);
CREATE INDEX gate_override_time_idx ON gate_override (requested_at, override_id);

-- What it answers is on record: nobody says of a law's block that it was the house's. And of
-- an override nothing changes but its state, forwards.
CREATE FUNCTION gate_override_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'override %: what was allowed stays on record', OLD.override_id
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'requested' OR NOT EXISTS (
                SELECT 1 FROM decision d,
                       jsonb_array_elements(convert_from(d.record, 'UTF8')::jsonb -> 'hits') h
                 WHERE d.bucket = NEW.bucket AND d.decision_id = NEW.decision_id
                   AND d.customer_id = NEW.customer_id
                   AND (NEW.campaign_id IS NULL OR d.campaign_id = NEW.campaign_id)
                   AND (NEW.point_id IS NULL OR d.point_id = NEW.point_id)
                   AND h ->> 'code' = NEW.code AND h ->> 'outcome' = NEW.outcome
                   AND h ->> 'layer' = NEW.layer
                   AND (NEW.rule IS NULL OR h ->> 'rule' = NEW.rule)) THEN
            RAISE EXCEPTION 'override %: not what its decision says', NEW.override_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'gate_override_answers';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.bucket, OLD.override_id, OLD.customer_id, OLD.decision_id, OLD.kind, OLD.code,
            OLD.layer, OLD.outcome, OLD.reason, OLD.requested_by, OLD.requested_at,
            OLD.expires_at)
        IS DISTINCT FROM
       (NEW.bucket, NEW.override_id, NEW.customer_id, NEW.decision_id, NEW.kind, NEW.code,
            NEW.layer, NEW.outcome, NEW.reason, NEW.requested_by, NEW.requested_at,
            NEW.expires_at)
       OR (OLD.campaign_id, OLD.point_id, OLD.rule)
           IS DISTINCT FROM (NEW.campaign_id, NEW.point_id, NEW.rule)
       OR (OLD.approved_by IS NOT NULL AND (OLD.approved_by, OLD.approved_at)
           IS DISTINCT FROM (NEW.approved_by, NEW.approved_at))
       OR (OLD.state, NEW.state) NOT IN (('requested', 'approved'),
           ('requested', 'rejected'), ('requested', 'withdrawn'), ('approved', 'withdrawn'))
    THEN
        RAISE EXCEPTION 'override %: no change from % to %', OLD.override_id, OLD.state,
            NEW.state USING ERRCODE = 'check_violation',
            CONSTRAINT = 'gate_override_move';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gate_override_guard BEFORE INSERT OR UPDATE OR DELETE ON gate_override
    FOR EACH ROW EXECUTE FUNCTION gate_override_guard();

-- Each step, in order.
CREATE TABLE gate_override_step (
    bucket      smallint NOT NULL,
    override_id uuid     NOT NULL,
    step        integer  NOT NULL,
    what        text     NOT NULL
        CHECK (what IN ('requested', 'approved', 'rejected', 'withdrawn')),
    actor       text     NOT NULL,
    at          timestamptz NOT NULL,
    why         text     CHECK (length(why) BETWEEN 10 AND 400),
    -- Of the commitment that the ledger's entry holds to the words.
    salt        bytea    NOT NULL CHECK (octet_length(salt) = 32),
    PRIMARY KEY (bucket, override_id, step),
    FOREIGN KEY (bucket, override_id) REFERENCES gate_override (bucket, override_id)
);
-- Which decisions rest on it.
CREATE TABLE gate_override_use (
    bucket      smallint NOT NULL,
    override_id uuid     NOT NULL,
    decision_id uuid     NOT NULL,
    PRIMARY KEY (bucket, override_id, decision_id),
    FOREIGN KEY (bucket, override_id) REFERENCES gate_override (bucket, override_id)
);
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['gate_override_step', 'gate_override_use'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON %I FOR EACH STATEMENT EXECUTE FUNCTION append_only()', name);
    END LOOP;
END $$;

-- An override that ends takes along what was handed over on its strength.
ALTER TABLE withdrawal DROP CONSTRAINT withdrawal_kind_check,
    ADD CONSTRAINT withdrawal_kind_check
        CHECK (kind IN ('consent', 'objection', 'override'));

-- Who waits for a person: a review, alone or beside what puts the contact off. The codes
-- are those of the registry (campaigns/compliance/reason.c; a test compares them).
CREATE INDEX decision_review_idx ON decision (decided_at, decision_id)
    WHERE outcome IN ('REVIEW', 'DEFER') AND codes && ARRAY['CALENDAR_NOT_COVERED', 'CONTACT_POINT_UNVERIFIED', 'DATA_MISSING_DOB', 'ELDER_EXTRA_APPROVAL',
        'REASSIGNED_NO_DATA', 'SHARED_NUMBER_REVIEW', 'TZ_UNKNOWN']::text[];

-- ---- what rules ask for -------------------------------------------------------------
-- Country of the regulator that watches the product; NULL: nobody said.
ALTER TABLE product ADD COLUMN regulator text CHECK (regulator ~ '^[A-Z]{2}$');

-- What the carrier answered, and whether that was the called party's refusal as the cause
-- was understood then.
ALTER TABLE outcome
    ADD COLUMN carrier_cause text,
    ADD COLUMN carrier_refusal boolean NOT NULL DEFAULT false,
    ADD CHECK (carrier_cause IS NOT NULL OR NOT carrier_refusal);
