-- 0011_packs: versions of packs with their files, and when which of them is in force.

-- What was pack_version says when a version is in force: a row per activation, so that an
-- older version may come back. Never deleted; effective_to is the only thing that changes.
ALTER TABLE pack_version RENAME TO pack_activation;
ALTER TABLE pack_activation DROP CONSTRAINT pack_version_pkey;
ALTER TABLE pack_activation RENAME CONSTRAINT pack_version_check TO pack_activation_two;
ALTER TABLE pack_activation
    ADD COLUMN activation_id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    ADD CONSTRAINT pack_activation_interval CHECK (effective_to >= effective_from);
CREATE INDEX pack_activation_pack_idx ON pack_activation (pack, effective_from);

-- A version that was loaded: its files never change. State is what has become of it.
CREATE TABLE pack_version (
    pack         text NOT NULL CHECK (pack ~ '^[a-z][a-z0-9-]{0,39}$'),
    version      text NOT NULL CHECK (version ~ '^[0-9]+\.[0-9]+\.[0-9]+$'),
    content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32),
    rules        integer NOT NULL CHECK (rules > 0),
    state        text NOT NULL CHECK (state IN ('loaded', 'submitted', 'approved', 'rejected')),
    loaded_by    text NOT NULL,
    loaded_at    timestamptz NOT NULL,
    submitted_by text,
    submitted_at timestamptz,
    wanted_from  timestamptz,            -- in force from; null: from the approval on
    tests_passed integer,
    approved_by  text,
    approved_at  timestamptz,
    rejected_by  text,
    rejected_at  timestamptz,
    rejected_why text,
    PRIMARY KEY (pack, version),
    CHECK (state = 'loaded' OR (submitted_by IS NOT NULL AND tests_passed > 0)),
    CHECK ((state = 'approved') = (approved_by IS NOT NULL)),
    CHECK ((state = 'rejected') = (rejected_by IS NOT NULL)),
    CHECK (approved_by <> submitted_by AND approved_by <> loaded_by)
);
CREATE TABLE pack_file (
    pack    text NOT NULL,
    version text NOT NULL,
    name    text NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (pack, version, name),
    FOREIGN KEY (pack, version) REFERENCES pack_version
);
