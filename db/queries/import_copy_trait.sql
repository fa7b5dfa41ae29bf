-- import_copy_trait: values of fed traits of one batch into their stage table; a row without
-- a value says that there is none.
-- Params   none
COPY stage_trait (line, bucket, customer_id, trait_id, whole, real, text, day, at)
FROM STDIN (FORMAT binary);
