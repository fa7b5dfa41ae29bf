-- book_transactions: all transactions, in the order of their key: an index
-- gives it without a sort. The book puts those of one customer in order of time.
-- Returns  bucket, customer_id, currency, at, kind, amount, balance
COPY (
    SELECT bucket, customer_id, currency, at, kind, amount, balance
      FROM txn
     ORDER BY bucket, customer_id, txn_ref
) TO STDOUT (FORMAT binary)
