-- import_missing_joint_holder: further holders that the snapshot does not have are removed.
-- Params   none
-- Returns  how many, of how many
WITH scope AS (SELECT count(*) AS n FROM joint_holder), done AS (
    DELETE FROM joint_holder x
     WHERE NOT EXISTS (SELECT 1 FROM stage_seen n
                        WHERE n.bucket = x.bucket AND n.customer_id = x.customer_id
                          AND n.key = x.holder_ref)
    RETURNING 1
)
SELECT (SELECT count(*) FROM done), (SELECT n FROM scope);
