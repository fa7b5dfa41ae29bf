-- import_new_trait: values that are taken to be new, straight into their table.
-- Params   none
COPY trait_value (bucket, customer_id, trait_id, whole, real, text, day, at)
FROM STDIN (FORMAT binary);
