-- import_put_txn: the batch into txn.
-- Params   $1 columns given text[], $2 currency text
-- Returns  nothing
INSERT INTO txn (bucket, customer_id, txn_ref, at, kind, amount, currency, balance)
SELECT DISTINCT ON (bucket, customer_id, txn_ref) bucket, customer_id, txn_ref, at, kind,
       amount, $2::text, balance
  FROM stage_txn
 ORDER BY bucket, customer_id, txn_ref, line DESC
ON CONFLICT (bucket, customer_id, txn_ref) DO UPDATE SET
    at = EXCLUDED.at, kind = EXCLUDED.kind, amount = EXCLUDED.amount,
    currency = EXCLUDED.currency,
    balance = CASE WHEN 'balance' = ANY ($1::text[]) THEN EXCLUDED.balance
        ELSE txn.balance END;
