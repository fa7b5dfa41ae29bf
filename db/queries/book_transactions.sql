-- book_transactions: transactions, in the order of their key. The book puts those of
-- one customer in order of time.
-- Returns  bucket, customer_id, currency, at, kind, amount, balance
COPY (
    SELECT bucket, customer_id, currency, at, kind, amount, balance
      FROM txn
     WHERE bucket BETWEEN current_setting('steward.first_bucket')::smallint
                      AND current_setting('steward.last_bucket')::smallint
     ORDER BY bucket, customer_id, txn_ref
) TO STDOUT (FORMAT binary)
