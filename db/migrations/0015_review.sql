-- 0015_review: complaints and their trace.

-- What somebody complained about: a number, a customer, a call, or none of them known yet.
-- Number and words are sealed: with the customer's key when the customer is known, so that an
-- erasure reaches them, else with the installation's (customer_key 0, 0).
CREATE TABLE complaint (
    complaint_id uuid PRIMARY KEY,
    source       text NOT NULL CHECK (source IN ('call', 'outcome', 'letter', 'branch', 'app',
        'regulator', 'other')),
    case_ref     text,                    -- the bank's own number of the case
    received_at  timestamptz NOT NULL,
    about_at     timestamptz,             -- when the contact is said to have been
    bucket       smallint,
    customer_id  bigint,
    task_id      uuid,                    -- the call it came out of
    phone_sealed bytea,
    phone_mask   text,
    words_sealed bytea,
    state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'settled')),
    handler      text,
    due_at       timestamptz NOT NULL,
    finding      text CHECK (finding IN ('upheld', 'partly_upheld', 'rejected', 'withdrawn')),
    settled_at   timestamptz,
    settled_by   text,
    recorded_at  timestamptz NOT NULL,
    recorded_by  text NOT NULL,
    version      integer NOT NULL DEFAULT 1,
    FOREIGN KEY (bucket, customer_id) REFERENCES customer (bucket, customer_id),
    CHECK ((bucket IS NULL) = (customer_id IS NULL)),
    CHECK ((phone_sealed IS NULL) = (phone_mask IS NULL)),
    CHECK ((state = 'settled') = (finding IS NOT NULL)),
    CHECK ((finding IS NULL) = (settled_at IS NULL)
       AND (finding IS NULL) = (settled_by IS NULL)),
    -- Nobody judges what was said of themselves.
    CHECK (settled_by IS NULL OR handler IS NOT NULL)
);
CREATE INDEX complaint_open_idx ON complaint (due_at) WHERE state = 'open';
CREATE INDEX complaint_customer_idx ON complaint (bucket, customer_id)
    WHERE customer_id IS NOT NULL;
CREATE INDEX complaint_received_idx ON complaint (received_at, complaint_id);

-- What was done about it, in order.
CREATE TABLE complaint_step (
    complaint_id uuid NOT NULL REFERENCES complaint,
    step         integer NOT NULL,
    at           timestamptz NOT NULL,
    actor        text NOT NULL,
    what         text NOT NULL CHECK (what IN ('received', 'assigned', 'extended', 'noted',
        'settled')),
    detail       text,
    PRIMARY KEY (complaint_id, step)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON complaint_step
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE INDEX access_event_time_idx ON access_event (at, access_id);
