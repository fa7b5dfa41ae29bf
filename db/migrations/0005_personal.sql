-- 0005_personal: erasure, suppression, reveals and the exchange of the index key.

-- ---- erasure ------------------------------------------------------------------------
-- An erased customer is a reference that nothing identifies: it keeps the bank's feed from
-- bringing the person back, and the tasks and decisions that point at it whole.
ALTER TABLE customer
    ADD COLUMN erased_at timestamptz,
    ADD CONSTRAINT customer_erased CHECK (erased_at IS NULL
        OR (name_sealed IS NULL AND name_mask IS NULL AND id_sealed IS NULL
            AND gender IS NULL AND dob IS NULL AND city IS NULL));

-- Asked for by one person, done by another; done once.
CREATE TABLE erasure (
    bucket       smallint NOT NULL,
    customer_id  bigint   NOT NULL,
    reason       text     NOT NULL,
    case_ref     text     NOT NULL,
    requested_by text     NOT NULL,
    requested_at timestamptz NOT NULL,
    confirmed_by text CHECK (confirmed_by <> requested_by),
    erased_at    timestamptz,
    PRIMARY KEY (bucket, customer_id),
    FOREIGN KEY (bucket, customer_id) REFERENCES customer (bucket, customer_id),
    CHECK ((confirmed_by IS NULL) = (erased_at IS NULL))
);

-- Numbers that erased customers did not want to be called on: a hash under a key of its
-- own, and nothing that leads back to anybody.
CREATE TABLE suppression (
    number_hash bytea    NOT NULL CHECK (length(number_hash) = 32),
    key_version smallint NOT NULL,
    kind        text     NOT NULL
        CHECK (kind IN ('do_not_call', 'channel_opt_out', 'carrier_reject')),
    channel     text     NOT NULL,
    since       date     NOT NULL,
    PRIMARY KEY (number_hash, kind, channel)
);

-- ---- reveals ------------------------------------------------------------------------
-- The quota counts a person's reveals of the day.
CREATE INDEX access_event_actor_idx ON access_event (actor, at);

-- ---- the exchange of the index key --------------------------------------------------
-- The number an objection is about, as the customer's contact point has it, so that its
-- hash can be made anew when the point is gone.
ALTER TABLE objection ADD COLUMN phone_sealed bytea;
UPDATE objection o SET phone_sealed = p.phone_sealed
  FROM contact_point p
 WHERE p.bucket = o.bucket AND p.customer_id = o.customer_id
   AND p.phone_index = o.phone_index;

-- A count that no cap looks at any more may forget the number.
ALTER TABLE contact_count ALTER COLUMN phone_index DROP NOT NULL;

-- Which version of the index key the rows agree on, and during an exchange the one before.
CREATE TABLE index_key (
    only_one boolean  PRIMARY KEY DEFAULT true CHECK (only_one),
    version  smallint NOT NULL CHECK (version BETWEEN 1 AND 255),
    previous smallint CHECK (previous BETWEEN 1 AND 255 AND previous <> version)
);
INSERT INTO index_key (version) VALUES (1);

-- During an exchange: the two hashes of each number. A row with a new hash is never there
-- without its pair, so whoever looks for a number under either hash finds both. Empty
-- otherwise.
CREATE TABLE phone_index_move (
    old_index bytea PRIMARY KEY,
    new_index bytea NOT NULL UNIQUE
);
CREATE VIEW phone_alias (own, other) AS
    SELECT old_index, new_index FROM phone_index_move
    UNION ALL
    SELECT new_index, old_index FROM phone_index_move;
-- A number's hash, and the other one if there are two at present.
CREATE FUNCTION phone_class(own_index bytea) RETURNS bytea[] LANGUAGE sql STABLE AS $$
    SELECT array_append(ARRAY(SELECT a.other FROM phone_alias a WHERE a.own = own_index),
        own_index)
$$;

-- Who shares a number is counted over both hashes as well: the two functions of 0003_contact
-- with the pairs added, and as there row by row and by index.
CREATE OR REPLACE FUNCTION contact_share(touched bytea[]) RETURNS void LANGUAGE sql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_material = off AS $$
    WITH who AS (
        SELECT DISTINCT o.bucket, o.customer_id
          FROM (SELECT unnest(touched)
                 UNION ALL
                SELECT a.other FROM unnest(touched) AS u (own)
                 CROSS JOIN LATERAL (SELECT x.other FROM phone_alias x
                                      WHERE x.own = u.own OFFSET 0) a) AS t (phone_index)
         CROSS JOIN LATERAL (SELECT p.bucket, p.customer_id FROM contact_point p
                              WHERE p.phone_index = t.phone_index OFFSET 0) o
    ), counted AS (
        SELECT w.bucket, w.customer_id,
               (SELECT coalesce(max(n), 0) FROM (
                   SELECT (SELECT count(*) - 1 FROM contact_point o
                            WHERE o.phone_index = p.phone_index)
                        + (SELECT count(*) FROM phone_alias a
                            CROSS JOIN LATERAL (SELECT 1 FROM contact_point o
                                                 WHERE o.phone_index = a.other OFFSET 0) y
                            WHERE a.own = p.phone_index) AS n
                     FROM contact_point p
                    WHERE p.bucket = w.bucket AND p.customer_id = w.customer_id) x) AS n
          FROM who w
    )
    UPDATE customer c SET phone_shared_by = counted.n
      FROM counted
     WHERE c.bucket = counted.bucket AND c.customer_id = counted.customer_id
       AND c.phone_shared_by <> counted.n
$$;
-- During an exchange all new points matter.
CREATE OR REPLACE FUNCTION contact_point_added() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_material = off AS $$
DECLARE
    touched bytea[];
BEGIN
    SELECT array_agg(DISTINCT a.phone_index) INTO touched
      FROM added a
     WHERE (SELECT true FROM contact_point o
             WHERE o.phone_index = a.phone_index
               AND (o.bucket, o.point_id) <> (a.bucket, a.point_id) LIMIT 1)
        OR EXISTS (SELECT 1 FROM phone_index_move);
    IF touched IS NOT NULL THEN
        PERFORM contact_share(touched);
    END IF;
    RETURN NULL;
END $$;
