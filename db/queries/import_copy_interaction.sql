-- import_copy_interaction: one batch into its stage table; order as
-- segments/import_target.c.
-- Params   none
COPY stage_interaction (line, bucket, customer_id, interaction_ref, at, kind, channel)
FROM STDIN (FORMAT binary);
