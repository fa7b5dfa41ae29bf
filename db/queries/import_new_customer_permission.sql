-- import_new_customer_permission: the permission rows of new customers.
-- Params   none
COPY customer_permission (bucket, customer_id)
FROM STDIN (FORMAT binary);
