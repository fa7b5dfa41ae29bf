-- import_copy_txn: one batch into its stage table; order as segments/import_target.c.
-- Params   none
COPY stage_txn (line, bucket, customer_id, txn_ref, at, kind, amount, balance)
FROM STDIN (FORMAT binary);
