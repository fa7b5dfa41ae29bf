-- import_new_contact_time: hours that are taken to be new, straight into their table.
-- Params   none
COPY contact_time (bucket, customer_id, weekdays, from_min, until_min, updated_at)
FROM STDIN (FORMAT binary);
