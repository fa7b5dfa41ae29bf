-- The ledger as others read it: how long an entry waited, roots of whole tiles for quick
-- proofs, one sequencer at a time by an epoch, and what witnesses cosigned.

-- A bundle of the published form (C2SP tlog-tiles) gives an entry's length two bytes.
ALTER TABLE ledger_outbox ADD CHECK (octet_length(entry) <= 65535),
    ADD COLUMN at timestamptz NOT NULL DEFAULT clock_timestamp();

-- Root of the entries [n * 256^level, (n + 1) * 256^level). Made from the leaves, and made
-- again from them when it is not there.
CREATE TABLE ledger_node (
    level smallint NOT NULL CHECK (level BETWEEN 1 AND 7),
    n     bigint   NOT NULL,
    hash  bytea    NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (level, n)
);

-- An entry by the id that it names: the bytes need not be JSON for that.
CREATE INDEX ledger_leaf_id_idx ON ledger_leaf
    (substring(encode(entry, 'escape') FROM '"id":"([^"]{1,80})"'));

-- Whoever sequences raises the epoch. A sequencer that was thought dead and wakes up has
-- an older one, and the database takes nothing from it.
CREATE TABLE ledger_lease (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch    bigint  NOT NULL,
    holder   text    NOT NULL,
    taken_at timestamptz NOT NULL
);
INSERT INTO ledger_lease VALUES (true, 0, '', now());

CREATE FUNCTION ledger_fence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM ledger_lease
      WHERE epoch::text = current_setting('steward.ledger_epoch', true) FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'ledger: another sequencer has taken over'
            USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER fence BEFORE INSERT ON ledger_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_fence();
CREATE TRIGGER fence BEFORE INSERT ON ledger_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_fence();
CREATE TRIGGER fence BEFORE INSERT ON ledger_node
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_fence();

CREATE TABLE ledger_cosignature (
    size    bigint NOT NULL,
    witness text   NOT NULL,
    line    text   NOT NULL,             -- C2SP signature line, with its newline
    at      timestamptz NOT NULL,
    PRIMARY KEY (size, witness)
);
