-- import_put_txn: the batch into txn; rows that say nothing new stay untouched.
-- Params   $1 columns given text[], $2 currency text
-- Returns  inserted, updated
WITH put AS (
INSERT INTO txn (bucket, customer_id, txn_ref, at, kind, amount, currency, balance)
SELECT DISTINCT ON (bucket, customer_id, txn_ref) bucket, customer_id, txn_ref, at, kind,
       amount, $2::text, balance
  FROM stage_txn
 ORDER BY bucket, customer_id, txn_ref, line DESC
ON CONFLICT (bucket, customer_id, txn_ref) DO UPDATE SET
    at = EXCLUDED.at, kind = EXCLUDED.kind, amount = EXCLUDED.amount,
    currency = EXCLUDED.currency,
    balance = CASE WHEN 'balance' = ANY ($1::text[]) THEN EXCLUDED.balance
        ELSE txn.balance END
 WHERE txn.at IS DISTINCT FROM EXCLUDED.at
    OR txn.kind IS DISTINCT FROM EXCLUDED.kind
    OR txn.amount IS DISTINCT FROM EXCLUDED.amount
    OR txn.currency IS DISTINCT FROM EXCLUDED.currency
    OR ('balance' = ANY ($1::text[]) AND txn.balance IS DISTINCT FROM EXCLUDED.balance)
RETURNING xmax = 0 AS fresh
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM put;
