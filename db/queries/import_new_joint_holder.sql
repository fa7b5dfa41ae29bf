-- import_new_joint_holder: further holders that are taken to be new, straight into their table.
-- Params   none
COPY joint_holder (bucket, customer_id, holder_ref, rating, updated_at)
FROM STDIN (FORMAT binary);
