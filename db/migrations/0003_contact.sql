-- 0003_contact: what is known about a contact point and how it came to be known; who shares
-- a number; households (decision 0019).

-- ---- the state of a contact point ------------------------------------------------
-- verified and doubt make one state: unverified, verified, failed (the number is not the
-- customer's, or is dead) or reassigned (it seems to be somebody else's by now). Who says
-- so, how, and on what evidence travels with the state, so that the trigger can write the
-- history whoever changes it.
ALTER TABLE contact_point
    ADD COLUMN doubt text CHECK (doubt IN ('failed', 'reassigned')),
    ADD COLUMN state_at timestamptz,     -- NULL: as first imported
    ADD COLUMN state_how text CHECK (state_how IN ('call', 'sms_code', 'branch',
        'document', 'carrier', 'letter', 'feed', 'other')),
    ADD COLUMN state_by text,
    ADD COLUMN state_evidence text CHECK (length(state_evidence) <= 200), -- reference
    ADD CONSTRAINT contact_point_doubt CHECK (doubt IS NULL OR NOT verified),
    ADD CONSTRAINT contact_point_state
        CHECK ((state_at IS NULL) = (state_how IS NULL)
           AND (state_at IS NULL) = (state_by IS NULL));

CREATE TABLE contact_point_event (
    bucket      smallint NOT NULL,
    event_id    bigint   NOT NULL GENERATED ALWAYS AS IDENTITY,
    customer_id bigint   NOT NULL,
    point_id    bigint   NOT NULL,
    from_state  text     NOT NULL
        CHECK (from_state IN ('unverified', 'verified', 'failed', 'reassigned')),
    to_state    text     NOT NULL
        CHECK (to_state IN ('unverified', 'verified', 'failed', 'reassigned')),
    how         text     NOT NULL,
    actor       text     NOT NULL,
    evidence    text,
    at          timestamptz NOT NULL,
    PRIMARY KEY (bucket, event_id)
);
CREATE INDEX contact_point_event_point_idx ON contact_point_event (bucket, point_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON contact_point_event
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE FUNCTION contact_state(verified boolean, doubt text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(doubt, CASE WHEN verified THEN 'verified' ELSE 'unverified' END)
$$;

-- A change that does not say by whom (state_at stays) came with a feed or by hand. What is
-- in doubt stays so until somebody says otherwise: a feed repeats what the bank once wrote
-- down, and knows nothing of the call that failed.
CREATE FUNCTION contact_point_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state_at IS NOT DISTINCT FROM OLD.state_at THEN
        IF OLD.doubt IS NOT NULL THEN
            NEW.doubt := OLD.doubt;
            NEW.verified := false;
            RETURN NEW;
        END IF;
        NEW.state_at := NEW.updated_at;
        NEW.state_how := 'feed';
        NEW.state_by := session_user;
        NEW.state_evidence := NULL;
    END IF;
    INSERT INTO contact_point_event (bucket, customer_id, point_id, from_state, to_state,
        how, actor, evidence, at)
    VALUES (NEW.bucket, NEW.customer_id, NEW.point_id,
        contact_state(OLD.verified, OLD.doubt), contact_state(NEW.verified, NEW.doubt),
        NEW.state_how, NEW.state_by, NEW.state_evidence, NEW.state_at);
    RETURN NEW;
END $$;
CREATE TRIGGER contact_point_state BEFORE UPDATE ON contact_point FOR EACH ROW
    WHEN (OLD.verified <> NEW.verified OR OLD.doubt IS DISTINCT FROM NEW.doubt
       OR OLD.state_at IS DISTINCT FROM NEW.state_at)
    EXECUTE FUNCTION contact_point_state();

-- ---- who shares a number -----------------------------------------------------------
-- How many other customers have a number of this one's: for rules, kept by the triggers
-- below, so that it is right whoever writes. A contact point never changes its number.
ALTER TABLE customer
    ADD COLUMN phone_shared_by integer NOT NULL DEFAULT 0,
    ADD COLUMN household_size integer;   -- NULL: no household is known

CREATE FUNCTION contact_share(touched bytea[]) RETURNS void LANGUAGE sql
-- A batch against a large table: row by row and by index, whatever the statistics of the
-- hour say. A table that was never analyzed has 200 numbers to the planner, and it would
-- compare each with each.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_material = off AS $$
    WITH who AS (
        SELECT DISTINCT o.bucket, o.customer_id
          FROM unnest(touched) AS t (phone_index)
         CROSS JOIN LATERAL (SELECT p.bucket, p.customer_id FROM contact_point p
                              WHERE p.phone_index = t.phone_index OFFSET 0) o
    ), counted AS (
        SELECT w.bucket, w.customer_id,
               (SELECT coalesce(max(n), 0) FROM (
                   SELECT (SELECT count(*) - 1 FROM contact_point o
                            WHERE o.phone_index = p.phone_index) AS n
                     FROM contact_point p
                    WHERE p.bucket = w.bucket AND p.customer_id = w.customer_id) x) AS n
          FROM who w
    )
    UPDATE customer c SET phone_shared_by = counted.n
      FROM counted
     WHERE c.bucket = counted.bucket AND c.customer_id = counted.customer_id
       AND c.phone_shared_by <> counted.n
$$;
-- Of new points only numbers that somebody has already matter.
CREATE FUNCTION contact_point_added() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_material = off AS $$
DECLARE
    touched bytea[];
BEGIN
    SELECT array_agg(DISTINCT a.phone_index) INTO touched
      FROM added a
     WHERE (SELECT true FROM contact_point o
             WHERE o.phone_index = a.phone_index
               AND (o.bucket, o.point_id) <> (a.bucket, a.point_id) LIMIT 1);
    IF touched IS NOT NULL THEN
        PERFORM contact_share(touched);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER contact_point_added AFTER INSERT ON contact_point
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION contact_point_added();
-- Of points that go: whoever still has the number, and whose point it was.
CREATE FUNCTION contact_point_gone() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_material = off AS $$
DECLARE
    touched bytea[];
BEGIN
    SELECT array_agg(DISTINCT phone_index) INTO touched FROM (
        SELECT g.phone_index FROM gone g
        UNION ALL
        SELECT p.phone_index FROM gone g
         CROSS JOIN LATERAL (SELECT o.phone_index FROM contact_point o
                              WHERE o.bucket = g.bucket
                                AND o.customer_id = g.customer_id OFFSET 0) p) x;
    IF touched IS NOT NULL THEN
        PERFORM contact_share(touched);
        UPDATE customer c SET phone_shared_by = 0
          FROM gone g
         WHERE c.bucket = g.bucket AND c.customer_id = g.customer_id
           AND c.phone_shared_by <> 0
           AND NOT EXISTS (SELECT 1 FROM contact_point p
                            WHERE p.bucket = c.bucket AND p.customer_id = c.customer_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER contact_point_gone AFTER DELETE ON contact_point
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION contact_point_gone();

-- What is there already.
UPDATE customer c SET phone_shared_by = s.n
  FROM (SELECT bucket, customer_id, max(n) AS n
          FROM (SELECT bucket, customer_id, count(*) OVER (PARTITION BY phone_index) - 1 AS n
                  FROM contact_point) x
         GROUP BY bucket, customer_id HAVING max(n) > 0) s
 WHERE c.bucket = s.bucket AND c.customer_id = s.customer_id;

-- ---- households ----------------------------------------------------------------------
-- A household is its members; its reference is the bank's, or made for a suggestion. A
-- suggestion counts for nothing until somebody confirms it, and one that was rejected is
-- not made again.
CREATE TABLE household_member (
    bucket        smallint NOT NULL,     -- the customer's
    customer_id   bigint   NOT NULL,
    household_ref text     NOT NULL CHECK (length(household_ref) BETWEEN 1 AND 64),
    role          text     NOT NULL DEFAULT 'member'
        CHECK (role IN ('head', 'spouse', 'child', 'parent', 'member')),
    source        text     NOT NULL CHECK (source IN ('declared', 'suggested')),
    state         text     NOT NULL
        CHECK (state IN ('suggested', 'member', 'rejected', 'left')),
    reason        text,                  -- of a suggestion: what speaks for it
    actor         text     NOT NULL,     -- who put it in this state
    updated_at    timestamptz NOT NULL,
    PRIMARY KEY (bucket, customer_id, household_ref),
    FOREIGN KEY (bucket, customer_id) REFERENCES customer (bucket, customer_id),
    CHECK (source = 'suggested' OR state IN ('member', 'left'))
);
-- One household a customer.
CREATE UNIQUE INDEX household_member_one_idx ON household_member (bucket, customer_id)
    WHERE state = 'member';
CREATE INDEX household_member_ref_idx ON household_member (household_ref);

-- How many belong to the household of a customer, that customer included.
CREATE FUNCTION household_changed() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_material = off AS $$
BEGIN
    UPDATE customer c SET household_size = nullif(s.n, 0)
      FROM (SELECT w.bucket, w.customer_id,
                   (SELECT count(*) FROM household_member m
                      JOIN household_member o
                        ON o.household_ref = m.household_ref AND o.state = 'member'
                     WHERE m.bucket = w.bucket AND m.customer_id = w.customer_id
                       AND m.state = 'member') AS n
              FROM (SELECT bucket, customer_id FROM changed
                     UNION
                    SELECT o.bucket, o.customer_id
                      FROM changed h
                     CROSS JOIN LATERAL (SELECT n.bucket, n.customer_id
                                           FROM household_member n
                                          WHERE n.household_ref = h.household_ref
                                         OFFSET 0) o) w) s
     WHERE c.bucket = s.bucket AND c.customer_id = s.customer_id
       AND c.household_size IS DISTINCT FROM nullif(s.n, 0);
    RETURN NULL;
END $$;
CREATE TRIGGER household_added AFTER INSERT ON household_member
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION household_changed();
CREATE TRIGGER household_updated AFTER UPDATE ON household_member
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION household_changed();
CREATE TRIGGER household_removed AFTER DELETE ON household_member
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION household_changed();
