-- import_copy_attempt: one batch into its stage table; order as
-- segments/import_target.c.
-- Params   none
COPY stage_attempt (line, bucket, customer_id, count_id, phone_index, channel, kind, at)
FROM STDIN (FORMAT binary);
