-- import_hold: may the book be taken for whole?
-- Params   none
-- Returns  whether an import is under way (somebody holds the lock of import_lock, which is not
--          taken for the question); run_id, mapping, started_at of that import, or else of one
--          that ended before its last file with something committed, that nobody has given up
--          and that no later one of its mapping has replaced (corrected rows replace corrected
--          rows alone): NULL when there is none; a number that another one has when an import
--          began since; whether the named one failed
WITH held AS (
    SELECT EXISTS (
        SELECT 1 FROM pg_locks AS l, hashtextextended('steward import', 0) AS k
         WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND l.classid = ((k >> 32) & 4294967295)::oid
           AND l.objid = (k & 4294967295)::oid) AS busy
)
SELECT held.busy, n.run_id, n.mapping, n.started_at,
       (SELECT coalesce(max(seq), 0) + coalesce(sum(starts), 0) FROM import_run)::bigint,
       n.state = 'failed'
  FROM held
  LEFT JOIN LATERAL (
       SELECT r.run_id, r.mapping, r.started_at, r.state
         FROM import_run AS r
        WHERE (held.busy AND r.state = 'running')
           OR (r.state IN ('running', 'interrupted', 'failed') AND r.given_up_at IS NULL
               AND EXISTS (SELECT FROM import_file AS f WHERE f.run_id = r.run_id)
               AND NOT EXISTS (SELECT FROM import_run AS later
                                WHERE later.mapping = r.mapping AND later.seq > r.seq
                                  AND (r.redo OR NOT later.redo) AND later.state = 'done'))
        ORDER BY (r.state = 'running') DESC, r.seq DESC
        LIMIT 1) AS n ON true;
