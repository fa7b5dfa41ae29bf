-- import_new_holding: holdings that are taken to be new, straight into their table.
-- Params   none
COPY holding (bucket, customer_id, holding_ref, product, kind, amount, opened_on, maturity_on,
status, currency, updated_at)
FROM STDIN (FORMAT binary);
