-- import_copy_contact_time: one batch into its stage table; order as
-- segments/import_target.c.
-- Params   none
COPY stage_contact_time (line, bucket, customer_id, weekdays, from_min, until_min)
FROM STDIN (FORMAT binary);
