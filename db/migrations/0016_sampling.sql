-- 0016_sampling: draws of contacts to be listened to and read, and what reviewers find.

-- A draw is made of its seed, its time and its plan alone: made again it is the same.
CREATE TABLE review_draw (
    draw_id    uuid PRIMARY KEY,
    from_at    timestamptz NOT NULL,
    to_at      timestamptz NOT NULL,
    seed       bytea NOT NULL CHECK (length(seed) = 32),
    plan       jsonb NOT NULL,           -- strata with share, least and first
    population jsonb NOT NULL,           -- per stratum: how many there were, how many drawn
    items_hash bytea NOT NULL,           -- SHA-256 over the items' ids, in order
    drawn_at   timestamptz NOT NULL,
    drawn_by   text NOT NULL,
    CHECK (from_at < to_at)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON review_draw
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TABLE review_item (
    draw_id     uuid NOT NULL REFERENCES review_draw,
    item_no     integer NOT NULL,
    subject     text NOT NULL CHECK (subject IN ('contact', 'denial')),
    subject_id  uuid NOT NULL,           -- permit or decision; its last byte is the bucket
    bucket      smallint NOT NULL,
    task_id     uuid,
    agent       text,
    strata      text[] NOT NULL CHECK (cardinality(strata) > 0),
    reviews     smallint NOT NULL CHECK (reviews IN (1, 2)),
    state       text NOT NULL DEFAULT 'open'
        CHECK (state IN ('open', 'reviewed', 'disputed', 'final')),
    verdict     text CHECK (verdict IN ('pass', 'minor', 'major', 'critical')),
    final_by    text,
    final_at    timestamptz,
    reply       text,                    -- the agent's, references only
    replied_at  timestamptz,
    PRIMARY KEY (draw_id, item_no),
    CHECK ((state = 'final') = (final_by IS NOT NULL)),
    CHECK (state IN ('open', 'disputed') OR verdict IS NOT NULL)
);
CREATE INDEX review_item_state_idx ON review_item (state, draw_id, item_no);
CREATE INDEX review_item_agent_idx ON review_item (agent, state) WHERE agent IS NOT NULL;

CREATE TABLE review_verdict (
    draw_id  uuid NOT NULL,
    item_no  integer NOT NULL,
    reviewer text NOT NULL,
    verdict  text NOT NULL CHECK (verdict IN ('pass', 'minor', 'major', 'critical')),
    answers  jsonb NOT NULL,             -- the form: yes, no or not_applicable by question
    note     text,
    hold     text CHECK (hold IN ('agent', 'script', 'number')),
    at       timestamptz NOT NULL,
    PRIMARY KEY (draw_id, item_no, reviewer),
    FOREIGN KEY (draw_id, item_no) REFERENCES review_item,
    CHECK ((verdict = 'critical') = (hold IS NOT NULL))
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON review_verdict
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- Whom a reviewer found at a critical fault makes no calls until somebody lets them again.
ALTER TABLE agent ADD COLUMN held_at timestamptz, ADD COLUMN held_why text,
    ADD CHECK ((held_at IS NULL) = (held_why IS NULL));

-- The population of a draw, and the first calls of an agent.
CREATE INDEX permit_time_idx ON permit (granted_at);
CREATE INDEX permit_agent_idx ON permit (agent, granted_at);
