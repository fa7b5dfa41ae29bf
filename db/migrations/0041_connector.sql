-- Queues that are spoken to by a connector: documents in versions, one person writes and
-- another puts in force; what each queue adds to its connector, and whom it trusts on the
-- wire; what a target calls a task (decision 0043).
CREATE TABLE connector (
    name         text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,59}$'),
    version      integer NOT NULL CHECK (version >= 1),
    document     text NOT NULL CHECK (length(document) <= 65536),
    state        text NOT NULL DEFAULT 'draft'
        CHECK (state IN ('draft', 'active', 'retired')),
    written_by   text NOT NULL,
    written_at   timestamptz NOT NULL,
    activated_by text,
    activated_at timestamptz,
    PRIMARY KEY (name, version),
    CHECK ((state = 'draft') = (activated_by IS NULL)),
    CHECK ((activated_by IS NULL) = (activated_at IS NULL)),
    CONSTRAINT connector_two_people CHECK (activated_by <> written_by)
);
CREATE UNIQUE INDEX connector_active_idx ON connector (name) WHERE state = 'active';

ALTER TABLE queue
    ADD COLUMN connector text,                      -- its name; NULL: Steward's own protocol
    ADD COLUMN connector_settings text NOT NULL DEFAULT '{}',
    ADD COLUMN ca_pem text CHECK (length(ca_pem) <= 65536), -- NULL: the system's
    ADD COLUMN client_cert_pem text CHECK (length(client_cert_pem) <= 65536),
    ADD COLUMN client_key_sealed bytea,
    ADD CONSTRAINT queue_client_cert
        CHECK ((client_cert_pem IS NULL) = (client_key_sealed IS NULL));

-- What the target calls an offer that it took.
CREATE TABLE task_remote (
    bucket    smallint NOT NULL,
    task_id   uuid     NOT NULL,
    offer     integer  NOT NULL,
    remote_id text     NOT NULL CHECK (length(remote_id) BETWEEN 1 AND 200),
    noted_at  timestamptz NOT NULL,
    PRIMARY KEY (bucket, task_id, offer)
);
