-- import_customer_refs: every customer's reference and id, for a file that is about most of
-- them.
-- Params   none
COPY (SELECT ref, customer_id FROM customer WHERE erased_at IS NULL) TO STDOUT (FORMAT binary);
