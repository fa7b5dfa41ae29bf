-- import_copy_holding: one batch into its stage table; order as
-- segments/import_target.c.
-- Params   none
COPY stage_holding (line, bucket, customer_id, holding_ref, product, kind, amount,
opened_on, maturity_on, status)
FROM STDIN (FORMAT binary);
