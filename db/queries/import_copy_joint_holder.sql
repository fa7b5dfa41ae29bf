-- import_copy_joint_holder: one batch into its stage table; order as
-- segments/import_target.c.
-- Params   none
COPY stage_joint_holder (line, bucket, customer_id, holder_ref, rating)
FROM STDIN (FORMAT binary);
