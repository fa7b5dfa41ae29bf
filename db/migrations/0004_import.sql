-- 0004_import: how far an import is, what it did to which target, and who ran it.
--
-- import_file.rows_read is the place a killed import goes on from: it is written in the
-- transaction that commits the rows before it.

ALTER TABLE import_run
    ADD COLUMN seq      bigint NOT NULL GENERATED ALWAYS AS IDENTITY, -- order of starts
    ADD COLUMN actor    text NOT NULL DEFAULT 'import',
    ADD COLUMN starts   integer NOT NULL DEFAULT 1, -- 2 and more: went on after an end
    ADD COLUMN redo     boolean NOT NULL DEFAULT false, -- corrected rows of an earlier run
    ADD COLUMN took_usec bigint NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX import_run_seq_idx ON import_run (seq);
CREATE INDEX import_run_mapping_idx ON import_run (mapping, redo, seq);

CREATE TABLE import_file (
    run_id         uuid    NOT NULL REFERENCES import_run,
    file_no       integer NOT NULL,     -- in the mapping, from 0
    file           text    NOT NULL,
    target         text    NOT NULL,
    mode           text    NOT NULL CHECK (mode IN ('upsert', 'delete', 'snapshot')),
    state          text    NOT NULL CHECK (state IN ('partly', 'done')),
    rows_read      bigint  NOT NULL,     -- records dealt with
    line           bigint  NOT NULL,     -- where the last of them ends
    rows_loaded    bigint  NOT NULL,
    rows_inserted  bigint  NOT NULL,
    rows_updated   bigint  NOT NULL,
    rows_closed    bigint  NOT NULL,
    rows_unchanged bigint  NOT NULL,
    rows_skipped   bigint  NOT NULL,
    rows_rejected  bigint  NOT NULL,
    phones_skipped bigint  NOT NULL,
    commits        integer NOT NULL,
    PRIMARY KEY (run_id, file_no)
);

-- One file may be read for several targets, and a record may have several lines.
ALTER TABLE import_reject
    ADD COLUMN file_no  integer NOT NULL DEFAULT 0,
    ADD COLUMN last_line bigint;
UPDATE import_reject SET last_line = line;
ALTER TABLE import_reject ALTER COLUMN last_line SET NOT NULL,
    DROP CONSTRAINT import_reject_pkey,
    ADD PRIMARY KEY (run_id, file_no, line, col);
