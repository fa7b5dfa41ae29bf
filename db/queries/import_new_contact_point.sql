-- import_new_contact_point: points that are taken to be new, straight into their table.
-- Params   none
COPY contact_point (bucket, customer_id, phone_sealed, phone_index, phone_mask, kind, region,
zones, verified, is_primary, updated_at)
FROM STDIN (FORMAT binary);
