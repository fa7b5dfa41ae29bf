-- import_copy_objection: one batch into its stage table; order as
-- segments/import_target.c.
-- Params   none
COPY stage_objection (line, bucket, customer_id, objection_id, kind, channel,
phone_index, source, effective_at, lifted_at)
FROM STDIN (FORMAT binary);
