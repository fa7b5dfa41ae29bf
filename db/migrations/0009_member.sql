-- 0009_member: what changed the memberships of a bucket last, so that a process which
-- keeps them in memory knows without reading them whether they are still so (decision
-- 0022). Whoever writes them, by whatever means, moves the version on.
CREATE TABLE segment_bucket (
    bucket  smallint PRIMARY KEY CHECK (bucket BETWEEN 0 AND 255),
    version bigint NOT NULL          -- the transaction; the same however often it writes
);
INSERT INTO segment_bucket
SELECT b, pg_current_xact_id()::text::bigint FROM generate_series(0, 255) AS b;

CREATE FUNCTION segment_member_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    mine bigint := pg_current_xact_id()::text::bigint;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE segment_bucket SET version = mine;
    ELSE
        UPDATE segment_bucket SET version = mine
         WHERE version <> mine
           AND bucket IN (SELECT DISTINCT bucket FROM changed);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER changed_insert AFTER INSERT ON segment_member
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION segment_member_changed();
CREATE TRIGGER changed_update AFTER UPDATE ON segment_member
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION segment_member_changed();
CREATE TRIGGER changed_delete AFTER DELETE ON segment_member
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION segment_member_changed();
CREATE TRIGGER changed_truncate AFTER TRUNCATE ON segment_member
    FOR EACH STATEMENT EXECUTE FUNCTION segment_member_changed();
