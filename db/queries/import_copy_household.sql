-- import_copy_household: one batch into its stage table; order as
-- segments/import_target.c.
-- Params   none
COPY stage_household (line, bucket, customer_id, household, role)
FROM STDIN (FORMAT binary);
