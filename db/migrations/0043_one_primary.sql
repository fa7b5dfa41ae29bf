-- 0043_one_primary: a customer has one primary contact point at most, and who became it or
-- stopped to be it is history (decision 0048); an import whose session is gone is seen to be.

-- ---- one primary contact point --------------------------------------------------------
-- NULL: the event is about the state, as all were until now. Else whether the point is the
-- primary one since; from_state and to_state are then the state it had.
ALTER TABLE contact_point_event ADD COLUMN primary_now boolean;

CREATE FUNCTION contact_point_primary() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO contact_point_event (bucket, customer_id, point_id, from_state, to_state,
        how, actor, at, primary_now)
    VALUES (NEW.bucket, NEW.customer_id, NEW.point_id,
        contact_state(NEW.verified, NEW.doubt), contact_state(NEW.verified, NEW.doubt),
        'feed', session_user, NEW.updated_at, NEW.is_primary);
    RETURN NULL;
END $$;
-- What an erasure leaves is no number any more.
CREATE TRIGGER contact_point_primary AFTER UPDATE ON contact_point FOR EACH ROW
    WHEN (OLD.is_primary <> NEW.is_primary AND length(NEW.phone_sealed) > 0)
    EXECUTE FUNCTION contact_point_primary();

-- Where two were primary the newest stays.
UPDATE contact_point p SET is_primary = false, updated_at = now()
  FROM (SELECT bucket, point_id,
               row_number() OVER (PARTITION BY bucket, customer_id
                                      ORDER BY updated_at DESC, point_id DESC) AS nth
          FROM contact_point WHERE is_primary) o
 WHERE p.bucket = o.bucket AND p.point_id = o.point_id AND o.nth > 1;
CREATE UNIQUE INDEX contact_point_primary_idx ON contact_point (bucket, customer_id)
    WHERE is_primary;

-- ---- an import whose session is gone --------------------------------------------------
-- The session that runs it holds the lock of import_lock. A row that says running and whose
-- session does not is of a process that ended before its import did.
ALTER TABLE import_run
    ADD COLUMN backend_pid integer,
    DROP CONSTRAINT import_run_state_check,
    ADD CONSTRAINT import_run_state_check
        CHECK (state IN ('running', 'done', 'failed', 'interrupted'));

CREATE FUNCTION import_session_lives(pid integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM pg_locks AS l, hashtextextended('steward import', 0) AS k
         WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND l.classid = ((k >> 32) & 4294967295)::oid
           AND l.objid = (k & 4294967295)::oid
           AND l.pid = $1)
$$;

-- The runs as they are now: of one that has no end yet the counts are what is committed.
CREATE VIEW import_run_now AS
SELECT r.run_id, r.mapping, r.source_hash, r.started_at, r.finished_at, r.took_usec,
       r.failure, r.actor, r.starts, r.redo, r.seq,
       CASE WHEN r.state <> 'running' OR import_session_lives(r.backend_pid) THEN r.state
            ELSE 'interrupted' END AS state,
       CASE WHEN r.finished_at IS NULL THEN f.rows_read ELSE r.rows_read END AS rows_read,
       CASE WHEN r.finished_at IS NULL THEN f.rows_loaded ELSE r.rows_loaded END
           AS rows_loaded,
       CASE WHEN r.finished_at IS NULL THEN f.rows_rejected ELSE r.rows_rejected END
           AS rows_rejected
  FROM import_run r
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(i.rows_read), 0)::bigint AS rows_read,
              coalesce(sum(i.rows_loaded), 0)::bigint AS rows_loaded,
              coalesce(sum(i.rows_rejected), 0)::bigint AS rows_rejected
         FROM import_file i WHERE i.run_id = r.run_id AND r.finished_at IS NULL) f;
