-- import_close_txn: the transactions of the batch are removed: they did not happen.
-- Params   none
-- Returns  how many
WITH gone AS (SELECT DISTINCT bucket, customer_id, txn_ref FROM stage_txn), done AS (
    DELETE FROM txn t USING gone g
     WHERE t.bucket = g.bucket AND t.customer_id = g.customer_id AND t.txn_ref = g.txn_ref
    RETURNING 1
)
SELECT count(*) FROM done;
