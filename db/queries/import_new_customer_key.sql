-- import_new_customer_key: the keys of new customers.
-- Params   none
COPY customer_key (bucket, customer_id, wrapped)
FROM STDIN (FORMAT binary);
