-- import_close_joint_holder: the further holders of the batch are removed.
-- Params   none
-- Returns  how many
WITH gone AS (SELECT DISTINCT bucket, customer_id, holder_ref FROM stage_joint_holder), done AS (
    DELETE FROM joint_holder x USING gone g
     WHERE x.bucket = g.bucket AND x.customer_id = g.customer_id
       AND x.holder_ref = g.holder_ref
    RETURNING 1
)
SELECT count(*) FROM done;
