-- import_new_txn: transactions that are taken to be new, straight into their table.
-- Params   none
COPY txn (bucket, customer_id, txn_ref, at, kind, amount, balance, currency)
FROM STDIN (FORMAT binary);
