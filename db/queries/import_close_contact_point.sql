-- import_close_contact_point: the contact points of the batch are removed; one that a task
-- or a consent refers to stays, neither verified nor primary.
-- Params   $1 now timestamptz
-- Returns  how many
WITH gone AS (
    SELECT p.bucket, p.point_id, EXISTS (SELECT 1 FROM task t WHERE t.bucket = p.bucket
                       AND t.customer_id = p.customer_id AND t.point_id = p.point_id)
           OR EXISTS (SELECT 1 FROM consent_event e WHERE e.bucket = p.bucket
                          AND e.customer_id = p.customer_id AND e.point_id = p.point_id)
           AS held
      FROM contact_point p
     WHERE EXISTS (SELECT 1 FROM stage_contact_point s
                    WHERE s.bucket = p.bucket AND s.customer_id = p.customer_id
                      AND s.phone_index = p.phone_index)
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
SELECT (SELECT count(*) FROM removed) + (SELECT count(*) FROM kept);
