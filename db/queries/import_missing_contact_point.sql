-- import_missing_contact_point: contact points that the snapshot does not have are removed;
-- one that a task or a consent refers to stays, neither verified nor primary.
-- Params   $1 now timestamptz
-- Returns  how many, of how many that were verified or primary
WITH scope AS (
    SELECT count(*) AS n FROM contact_point WHERE verified OR is_primary
), gone AS (
    SELECT p.bucket, p.point_id, EXISTS (SELECT 1 FROM task t WHERE t.bucket = p.bucket
                       AND t.customer_id = p.customer_id AND t.point_id = p.point_id)
           OR EXISTS (SELECT 1 FROM consent_event e WHERE e.bucket = p.bucket
                          AND e.customer_id = p.customer_id AND e.point_id = p.point_id)
           AS held
      FROM contact_point p
     WHERE NOT EXISTS (SELECT 1 FROM stage_seen n
                        WHERE n.bucket = p.bucket AND n.customer_id = p.customer_id
                          AND n.key = encode(p.phone_index, 'hex'))
), removed AS (
    DELETE FROM contact_point p USING gone g
     WHERE p.bucket = g.bucket AND p.point_id = g.point_id AND NOT g.held
    RETURNING 1
), kept AS (
    UPDATE contact_point p
       SET verified = false, is_primary = false, updated_at = $1::timestamptz
      FROM gone g
     WHERE p.bucket = g.bucket AND p.point_id = g.point_id AND g.held
       AND (p.verified OR p.is_primary)
    RETURNING 1
)
SELECT (SELECT count(*) FROM removed) + (SELECT count(*) FROM kept), (SELECT n FROM scope);
