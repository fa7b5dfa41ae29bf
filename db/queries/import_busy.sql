-- import_busy: is an import under way?
-- Params   none
-- Returns  whether somebody holds the lock of import_lock; it is not taken for the question
SELECT EXISTS (
    SELECT 1 FROM pg_locks AS l, hashtextextended('steward import', 0) AS k
     WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND l.classid = ((k >> 32) & 4294967295)::oid
       AND l.objid = (k & 4294967295)::oid);
