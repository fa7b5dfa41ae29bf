-- import_copy_contact_point: one batch into its stage table; order as
-- segments/import_target.c.
-- Params   none
COPY stage_contact_point (line, bucket, customer_id, phone_sealed, phone_index,
phone_mask, kind, region, zones, verified, is_primary)
FROM STDIN (FORMAT binary);
